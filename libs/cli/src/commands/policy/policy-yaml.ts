// A policy as YAML that can be applied as it is: one line for each class and quota, and for the thresholds.
import type { PolicyDocument } from '@baton/contracts';

const ONE_LINE_EACH = ['classes', 'quotas'] as const;

export async function policyYaml(policy: PolicyDocument): Promise<string> {
  const { Document, isCollection, isSeq } = await import('yaml');
  const document = new Document(policy);
  for (const name of ONE_LINE_EACH) {
    const list = document.get(name);
    if (!isSeq(list)) continue;
    for (const item of list.items) if (isCollection(item)) item.flow = true;
  }
  const thresholds = document.get('lasThresholds');
  if (isSeq(thresholds)) thresholds.flow = true;
  return document.toString({ lineWidth: 0 }).trimEnd();
}
