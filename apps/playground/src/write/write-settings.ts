/** What a person sets for a writing, as the fields of a form hold it, and the call that it makes. */
import type { contracts, InputOf } from '@trivium/protocol';

type WriteInput = InputOf<typeof contracts.write>;
export type StageName = 'summary' | 'expand' | 'polish';
export const stageNames: readonly StageName[] = ['summary', 'expand', 'polish'];

/** Empty: the call's own. */
export interface StageFields {
  model: string;
  temperature: string;
  maxTokens: string;
  deadlineSeconds: string;
}

export interface WriteFields {
  instruction: string;
  words: string;
  /** Per cent of the length. */
  summaryShare: number;
  polishes: boolean;
  stages: Record<StageName, StageFields>;
}

const noFields: StageFields = { model: '', temperature: '', maxTokens: '', deadlineSeconds: '' };

export const newFields: WriteFields = {
  instruction: '',
  words: '600',
  summaryShare: 30,
  polishes: true,
  stages: { summary: noFields, expand: noFields, polish: noFields },
};

type StageInput = NonNullable<NonNullable<WriteInput['stages']>['expand']>;

const numberOf = (field: string) => (field.trim() === '' ? undefined : Number(field));

function stageOf({ model, temperature, maxTokens, deadlineSeconds }: StageFields): StageInput {
  const [heat, most, seconds] = [temperature, maxTokens, deadlineSeconds].map(numberOf);
  return {
    ...(model.trim() !== '' && { model: model.trim() }),
    ...(heat !== undefined && { temperature: heat }),
    ...(most !== undefined && { maxTokens: most }),
    ...(seconds !== undefined && { deadlineMs: Math.round(seconds * 1000) }),
  };
}

interface Rest {
  paths: readonly string[];
  /** Empty: none is named. */
  model: string;
  checkpoint: string;
}

export function inputOf(fields: WriteFields, { paths, model, checkpoint }: Rest): WriteInput {
  const { summary, expand, polish } = fields.stages;
  return {
    paths: [...paths],
    instruction: fields.instruction,
    words: numberOf(fields.words) ?? Number(newFields.words),
    summaryRatio: fields.summaryShare / 100,
    ...(model !== '' && { model }),
    stages: {
      summary: stageOf(summary),
      expand: stageOf(expand),
      polish: fields.polishes && stageOf(polish),
    },
    checkpoint,
  };
}
