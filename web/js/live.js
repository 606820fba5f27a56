// @ts-check
/** What happens in the archive, as it happens: by event stream, or by asking where a proxy holds the stream back. */

import * as api from "./api.js";

/** @typedef {"connecting" | "live" | "asking" | "reconnecting" | "paused" | "unanswered" | "ended"} LiveState */

/**
 * @typedef {object} Listener
 * @property {(change: api.Change) => void} onChange a change with its place in the archive's log
 * @property {(hello: { last_seq: number, total: number }) => void} onHello once on every new stream
 * @property {() => void} onReset changes were missed for good: fetch everything afresh, then `start` again
 * @property {(state: LiveState) => void} onState
 * @property {() => void} [onBeat] the connection lives; nothing happened
 * @property {(cameras: number) => void} [onJoining] how many cameras ask to join, as its owner is told
 */

const KINDS = ["frame", "frame-changed", "frame-deleted", "camera", "gap"];
const FIRST_WORD_MS = 6_000; // the server says hello at once; a stream silent for longer is being buffered
const MISSED_HEARTBEATS = 2.5;
const HABIT = 3; // streams that end before their first heartbeat: something on the way has no patience
const ASK_WAIT_S = 25;
const ASK_FOR_MS = 300_000; // then the stream gets another chance
const BACKOFF_MS = 5_000;
const BACKOFF_MAX_MS = 60_000;

export class Live {
  /** @type {Listener} */ #listener;
  /** @type {EventSource | null} */ #stream = null;
  /** @type {AbortController | null} */ #asking = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #after = 0;
  #failures = 0;
  #cuts = 0;
  #silence_ms = FIRST_WORD_MS;
  #state = "";

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  /** Tell everything that happens after *seq*. Starting again begins anew. @param {number} seq */
  start(seq) {
    this.#after = seq;
    this.#failures = 0;
    this.#say("connecting");
    this.#listen();
  }

  /** Hold no connection until `resume`. @param {LiveState} state what to say meanwhile */
  pause(state = "paused") {
    this.#hangUp();
    this.#say(state);
  }

  /** Go on after the last change told. Harmless when nothing was interrupted. */
  resume() {
    if (this.#state === "live" || this.#state === "asking" || this.#state === "connecting") return;
    this.start(this.#after);
  }

  /** Go on after the last change told, after a while. */
  retry() {
    this.#say("reconnecting");
    this.#listenLater();
  }

  #listenLater() {
    this.#hangUp();
    const limit_ms = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** this.#failures);
    this.#failures += 1;
    // All readers lose a restarted server at the same moment: the jitter keeps them from coming back in one.
    this.#timer = setTimeout(() => this.#listen(), Math.random() * limit_ms);
  }

  #listen() {
    this.#hangUp();
    let heard = false;
    const stream = new EventSource(`/api/events?after=${this.#after}`);
    this.#stream = stream;
    this.#expectWord(FIRST_WORD_MS, () => this.#ask());

    /** @param {string} kind @param {(data: any, seq: number) => void} act */
    const on = (kind, act) =>
      stream.addEventListener(kind, (event) => {
        if (stream !== this.#stream) return; // hung up while this event was on its way
        heard = true;
        this.#failures = 0;
        this.#say("live");
        this.#expectWord(this.#silence_ms, () => this.retry());
        act(JSON.parse(event.data), Number(event.lastEventId));
      });

    on("hello", (hello) => {
      this.#silence_ms = hello.heartbeat_s * 1000 * MISSED_HEARTBEATS;
      this.#expectWord(this.#silence_ms, () => this.retry());
      this.#listener.onHello(hello);
    });
    on("joining", ({ cameras }) => this.#listener.onJoining?.(cameras)); // no change: it is in no log
    on("heartbeat", () => {
      this.#cuts = 0;
      this.#listener.onBeat?.();
    });
    on("reset", () => this.#reset());
    for (const kind of KINDS) on(kind, (data, seq) => this.#tell({ seq, type: kind, data }));

    // EventSource comes back by itself after a broken connection, but never after a status other than 200,
    // and never slower: so every error ends this stream. One that never said a word may be a proxy's doing.
    stream.onerror = () => (heard ? this.#cut() : this.#ask());
  }

  /** A stream that spoke has ended. One cut again and again comes back each time: nobody needs to hear of it. */
  #cut() {
    this.#cuts += 1;
    if (this.#cuts > HABIT) this.#listenLater();
    else this.retry();
  }

  async #ask() {
    this.#hangUp();
    const asking = new AbortController();
    this.#asking = asking;
    const until = Date.now() + ASK_FOR_MS;
    try {
      for (let wait_s = 0; Date.now() < until; wait_s = ASK_WAIT_S) {
        const { changes, last_seq, reset } = await api.changes(this.#after, wait_s, asking.signal);
        if (asking !== this.#asking) return;
        this.#failures = 0;
        this.#say("asking");
        if (reset) return this.#reset();
        changes.forEach((change) => this.#tell(change));
        this.#after = last_seq;
        this.#listener.onBeat?.();
      }
    } catch (error) {
      if (asking !== this.#asking) return;
      if (error instanceof api.Problem && error.status === 401) this.pause("ended"); // trying again would not help
      else this.retry();
      return;
    }
    if (asking === this.#asking) this.#listen();
  }

  /** @param {api.Change} change */
  #tell(change) {
    this.#after = change.seq;
    this.#listener.onChange(change);
  }

  #reset() {
    this.#hangUp();
    this.#state = "";
    this.#listener.onReset();
  }

  /** @param {number} within_ms @param {() => void} otherwise */
  #expectWord(within_ms, otherwise) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(otherwise, within_ms);
  }

  #hangUp() {
    clearTimeout(this.#timer);
    this.#stream?.close();
    this.#stream = null;
    this.#asking?.abort();
    this.#asking = null;
  }

  /** @param {LiveState} state */
  #say(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#listener.onState(state);
  }
}
