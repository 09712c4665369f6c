// Which values of a policy differ from another's: classes by their names, quotas by whose they are.
import type { Policy, PolicyChange } from '@baton/contracts';
import { quotaOwner } from '../domain/policy-contradictions.ts';
import { policyDocument } from './policy-text.ts';

export function policyChanges(before: Policy, after: Policy): PolicyChange[] {
  return changesIn('', keyed(before), keyed(after));
}

type Tree = { readonly [member: string]: unknown };

function keyed(policy: Policy): Tree {
  const document = policyDocument(policy);
  const quotas = policy.quotas.map((quota, index) => {
    const { user: _user, group: _group, each: _each, ...limits } = document.quotas?.[index] ?? {};
    return [quotaOwner(quota), limits] as const;
  });
  const classes = policy.classes.map(({ name, ...rest }) => [name, rest] as const);
  return { ...document, quotas: Object.fromEntries(quotas), classes: Object.fromEntries(classes) };
}

function changesIn(path: string, before: Tree, after: Tree): PolicyChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.flatMap((name): PolicyChange[] => {
    const what = path === '' ? name : `${path} / ${name}`;
    const [was, is] = [before[name] ?? null, after[name] ?? null];
    if (isTree(was) && isTree(is)) return changesIn(what, was, is);
    return JSON.stringify(was) === JSON.stringify(is) ? [] : [{ what, before: was, after: is }];
  });
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
