// Property tests draw the same values in every run: who changed nothing sees nothing fail. BATON_PROPERTY_SEED draws others.
import fc from 'fast-check';

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.BATON_PROPERTY_SEED ?? 20_261_122) });
