/**
 * Requests at even distances, whether or not those before were answered, so that a slow answer delays no other. Over bare
 * sockets, since the load must not cost more than what it measures: both share two cores.
 */
import { connect, type Socket } from 'node:net';

export interface PacedRequest {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const SOCKETS = 64;

/** The time of each answer from when its request was due, in milliseconds; those of the first second are left out. */
export async function paced(rate: number, seconds: number, next: () => PacedRequest): Promise<number[]> {
  const { hostname, port, host } = new URL(next().url);
  const latencies: number[] = [];
  const waiting: { text: string; due: number }[] = [];
  let failed: Error | undefined;
  let answered = 0;
  const free = await Promise.all(
    Array.from({ length: SOCKETS }, async () => {
      const socket = connect(Number(port), hostname).setNoDelay(true);
      await new Promise((open, fault) => socket.once('connect', open).once('error', fault));
      return socket;
    }),
  );
  const sockets = [...free];
  const began = performance.now() + 10;
  const send = (socket: Socket, { text, due }: { text: string; due: number }): void => {
    let got = '';
    const onData = (chunk: Buffer) => {
      got += chunk.toString('latin1');
      const head = got.indexOf('\r\n\r\n');
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(got.slice(0, head))?.[1]);
      if (got.length < head + 4 + length) return;
      if (!got.startsWith('HTTP/1.1 201')) failed ??= new Error(got.slice(0, 200));
      answered++;
      if (due - began >= 1000) latencies.push(performance.now() - due);
      socket.off('data', onData);
      const more = waiting.shift();
      if (more) send(socket, more);
      else free.push(socket);
    };
    socket.on('data', onData).write(text);
  };
  const total = Math.floor(rate * (seconds + 1));
  for (let sent = 0; sent < total && failed === undefined;) {
    for (const until = Math.min(total, ((performance.now() - began) * rate) / 1000); sent < until; sent++) {
      const { url, headers, body } = next();
      const lines = Object.entries({ host, 'content-length': String(Buffer.byteLength(body)), ...headers });
      const text = `POST ${new URL(url).pathname} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
      const asked = { text, due: began + (sent * 1000) / rate };
      const socket = free.pop();
      if (socket) send(socket, asked);
      else waiting.push(asked);
    }
    await new Promise((turn) => setTimeout(turn, 1));
  }
  while (answered < total && failed === undefined) await new Promise((turn) => setTimeout(turn, 5));
  for (const socket of sockets) socket.destroy();
  if (failed) throw failed;
  return latencies;
}
