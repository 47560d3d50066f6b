import { describe } from '@jest/globals';
import { cases } from '../testing/specification.ts';
import { DEVELOPER, LA, NOW, OTHER_DEVELOPER, reason, released, STREAMS, fact, worldOf } from '../testing/world.ts';
import { modelDecider } from './index.ts';

const family = STREAMS['model-1']?.slice(0, 1) ?? [];
const history = [...family, released('v-1')];
const without = { version: 'v-2', name: 'v', modalities: ['weights'] };
const api = { ...without, modalities: ['api'] };
const withdrawn = (effectiveAt: number) =>
  fact('ModelVersionWithdrawn', { version: 'v-1', ...reason }, { effectiveAt });
const v1 = { version: 'v-1', ...reason };

describe('a model', () =>
  cases(modelDecider, 'model-1', worldOf(), [
    ['is registered by its developer', [], 'RegisterModelFamily', DEVELOPER, ['ModelFamilyRegistered'], { name: 'm' }],
    ['… once', family, 'RegisterModelFamily', DEVELOPER, ['id-taken'], { name: 'm' }],
    ['… by nobody else', [], 'RegisterModelFamily', LA, ['not-entitled'], { name: 'm' }],
    ['has a version released', history, 'ReleaseModelVersion', DEVELOPER, ['ModelVersionReleased'], api],
    [
      '… by its weights with their digest',
      history,
      'ReleaseModelVersion',
      DEVELOPER,
      ['weights-digest-missing'],
      without,
    ],
    ['… once', history, 'ReleaseModelVersion', DEVELOPER, ['id-taken'], { ...api, version: 'v-1' }],
    ['… by its own developer', history, 'ReleaseModelVersion', OTHER_DEVELOPER, ['not-entitled'], api],
    ['… of a family that there is', [], 'ReleaseModelVersion', DEVELOPER, ['not-found'], api],
    ['is classified', history, 'ClassifyModel', DEVELOPER, ['ModelClassified'], { regime: 'EAR', number: '4E091' }],
    [
      '… in a version that there is',
      history,
      'ClassifyModel',
      DEVELOPER,
      ['not-found'],
      { regime: 'EAR', number: '4', version: 'v-9' },
    ],
    ['has a version withdrawn', history, 'WithdrawModelVersion', DEVELOPER, ['ModelVersionWithdrawn'], v1],
    ['… that there is', history, 'WithdrawModelVersion', DEVELOPER, ['not-found'], { ...v1, version: 'v-9' }],
    ['… once', [...history, withdrawn(NOW - 1)], 'WithdrawModelVersion', DEVELOPER, ['wrong-state'], v1],
    [
      '… sooner than was said',
      [...history, withdrawn(NOW + 9)],
      'WithdrawModelVersion',
      DEVELOPER,
      ['ModelVersionWithdrawn'],
      v1,
    ],
    ['… by its own developer', history, 'WithdrawModelVersion', OTHER_DEVELOPER, ['not-entitled'], v1],
  ]));
