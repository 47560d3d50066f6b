/** A way to a server on which anything can happen to a connection, but no byte is changed. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

interface Link {
  readonly sockets: readonly [Socket, Socket];
  /** Bytes are swallowed, and nobody is told. */
  deaf: boolean;
}

export class Proxy {
  readonly counts = { connections: 0, cut: 0, delayed: 0, deafened: 0, refused: 0 };
  readonly #server: Server;
  readonly #links = new Set<Link>();
  #refusing = false;

  private constructor(target: number) {
    this.#server = createServer((incoming) => {
      if (this.#refusing) {
        this.counts.refused++;
        incoming.resetAndDestroy();
        return;
      }
      this.counts.connections++;
      const outgoing = connect(target, '127.0.0.1');
      const link: Link = { sockets: [incoming, outgoing], deaf: false };
      this.#links.add(link);
      for (const [from, to] of [
        [incoming, outgoing],
        [outgoing, incoming],
      ] as const) {
        from.setNoDelay(true);
        from.on('data', (bytes) => {
          if (!link.deaf && !to.destroyed && !to.write(bytes)) {
            from.pause();
            to.once('drain', () => from.resume());
          }
        });
        from.on('error', () => undefined);
        from.on('close', () => {
          // Who does not hear does not hear of an end either.
          if (!link.deaf) to.destroy();
          this.#links.delete(link);
        });
      }
    });
  }

  static async before(target: number, port: number): Promise<Proxy> {
    const proxy = new Proxy(target);
    proxy.#server.listen(port, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Where it listens. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Ends connections at once, in the middle of whatever they carry: all, or one. */
  cut(all: boolean): void {
    for (const { sockets } of this.#some(all)) {
      this.counts.cut++;
      for (const socket of sockets) socket.resetAndDestroy();
    }
  }

  /** Nothing gets through for so long; then all of it does. */
  delay(milliseconds: number): void {
    for (const { sockets } of this.#links) {
      this.counts.delayed++;
      for (const socket of sockets) socket.pause();
      setTimeout(() => {
        for (const socket of sockets) socket.resume();
      }, milliseconds).unref();
    }
  }

  /** What is sent is lost from now on, and no end is told: a cable that was pulled. */
  drop(all: boolean): void {
    for (const link of this.#some(all)) {
      this.counts.deafened++;
      link.deaf = true;
    }
  }

  refuse(milliseconds: number): void {
    this.#refusing = true;
    setTimeout(() => (this.#refusing = false), milliseconds).unref();
  }

  #some(all: boolean): Link[] {
    const links = [...this.#links];
    return all ? links : links.filter((_, n) => n === Math.floor(Math.random() * links.length));
  }

  close(): void {
    this.#server.close();
    for (const { sockets } of this.#links) for (const socket of sockets) socket.destroy();
  }
}

/** One fault after another at random, until the time is over. */
export async function misbehave(proxies: readonly Proxy[], milliseconds: number): Promise<void> {
  const until = performance.now() + milliseconds;
  const between = (least: number, most: number) => least + Math.random() * (most - least);
  while (performance.now() < until) {
    const proxy = proxies[Math.floor(Math.random() * proxies.length)] as Proxy;
    const [dice, all] = [Math.random(), Math.random() < 0.5];
    if (dice < 0.35) proxy.delay(between(20, 1500));
    else if (dice < 0.7) proxy.cut(all);
    else if (dice < 0.85) proxy.drop(all);
    else {
      proxy.cut(true);
      proxy.refuse(between(100, 2000));
    }
    await new Promise((done) => setTimeout(done, between(100, 2500)));
  }
}
