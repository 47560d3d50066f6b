/** The protocol's services and messages, as the client library has them: CommonJS, whose names a module cannot see. */
import { createRequire } from 'node:module';
import type * as Unpacking from '@eventstore/db-client/dist/streams/appendToStream/unpackError.js';
import type * as Shared from '@eventstore/db-client/generated/shared_pb.js';
import type * as Statuses from '@eventstore/db-client/generated/status_pb.js';
import type * as Grpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type * as Streams from '@eventstore/db-client/generated/streams_pb.js';

const load = createRequire(import.meta.url) as <T>(name: string) => T;

export const { StreamsClient, StreamsService } = load<typeof Grpc>(
  '@eventstore/db-client/generated/streams_grpc_pb.js',
);
export const { BatchAppendReq, BatchAppendResp, ReadReq, ReadResp } = load<typeof Streams>(
  '@eventstore/db-client/generated/streams_pb.js',
);
export const { Empty, StreamIdentifier, UUID } = load<typeof Shared>('@eventstore/db-client/generated/shared_pb.js');
export const { Status } = load<typeof Statuses>('@eventstore/db-client/generated/status_pb.js');
export const { unpackToCommandError } = load<typeof Unpacking>(
  '@eventstore/db-client/dist/streams/appendToStream/unpackError.js',
);
