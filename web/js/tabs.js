// @ts-check
/**
 * One event stream for all tabs of a browser: HTTP/1.1 allows six connections, and ten tabs would take ten.
 * Tabs that somebody looks at queue for one lock; who holds it leads, has the stream (live.js) and tells the others.
 * Each message says which change came before it, so a tab knows when it missed one, and asks for it.
 * Without locks (a page that came over plain HTTP from another machine) every tab has a stream of its own.
 */

import * as api from "./api.js";
import { Live } from "./live.js";

/** @typedef {import("./live.js").Listener} Listener */
/** @typedef {import("./live.js").LiveState} LiveState */
/**
 * @typedef {object} Told What the leader tells. Every message says up to where it has told.
 * @property {number} at
 * @property {LiveState} state
 * @property {api.Change} [change]
 * @property {number} [since] the change before it
 * @property {{ last_seq: number, total: number }} [hello]
 * @property {boolean} [reset]
 * @property {number} [joining]
 */
/** @typedef {Told | { who: true }} Message */

const LOCK = "archive-stream";
const SILENCE_MS = 45_000; // three heartbeats
const SILENCE_BROKEN_MS = 150_000; // a leader that reconnects is silent for up to a minute
const AGAIN_MS = 2_000;

export class Tabs {
  /** @type {Listener} */ #listener;
  /** @type {Live} */ #live;
  /** @type {BroadcastChannel} */ #channel = new BroadcastChannel(LOCK);
  /** @type {AbortController | null} */ #queueing = null;
  /** @type {(() => void) | null} */ #resign = null; // not null: this tab leads
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  #isCatchingUp = false;
  #isOn = false;
  #after = 0;
  /** @type {LiveState | ""} */ #state = "";

  /** @param {Listener} listener */
  constructor(listener) {
    this.#listener = listener;
    this.#live = new Live({
      onChange: (change) => {
        this.#post({ change, since: this.#after, at: change.seq });
        this.#tell(change);
      },
      onHello: (hello) => {
        this.#post({ hello });
        listener.onHello(hello);
      },
      onReset: () => {
        this.#post({ reset: true });
        listener.onReset();
      },
      onState: (state) => {
        this.#say(state);
        if (this.#resign) this.#post({});
        if (state === "ended") this.pause("ended");
      },
      onBeat: () => {
        this.#post({});
        listener.onBeat?.();
      },
      onJoining: (cameras) => {
        this.#post({ joining: cameras });
        listener.onJoining?.(cameras);
      },
    });
    this.#channel.onmessage = ({ data }) => this.#hear(data);
  }

  /** Tell everything that happens after *seq*. Starting again begins anew. @param {number} seq */
  start(seq) {
    this.#after = seq;
    this.#isOn = true;
    if (this.#resign || !navigator.locks) return this.#live.start(seq);
    this.#say("connecting");
    this.#queue();
    this.#channel.postMessage({ who: true });
  }

  /** Want no changes until `resume`: the stream goes to another tab, or ends. @param {LiveState} [state] what to say meanwhile */
  pause(state = "paused") {
    this.#isOn = false;
    clearTimeout(this.#timer);
    this.#queueing?.abort();
    this.#queueing = null;
    this.#live.pause(state);
    this.#resign?.();
    this.#resign = null;
    this.#say(state);
  }

  /** Go on after the last change told. Harmless when nothing was interrupted. */
  resume() {
    if (!this.#isOn) this.start(this.#after);
    else if (this.#resign || !navigator.locks) this.#live.resume();
  }

  /** Go on after the last change told, after a while. */
  retry() {
    if (this.#isOn && (this.#resign || !navigator.locks)) this.#live.retry();
  }

  #queue(steal = false) {
    if (this.#queueing && !steal) return;
    this.#queueing?.abort();
    const queueing = new AbortController();
    this.#queueing = queueing;
    const how = steal ? { steal } : { signal: queueing.signal };
    navigator.locks
      .request(LOCK, how, () => (queueing.signal.aborted ? undefined : this.#lead()))
      .catch(() => this.#isStolen(queueing));
    this.#expectWord(SILENCE_MS);
  }

  /** Until resigned. */
  #lead() {
    clearTimeout(this.#timer);
    this.#live.start(this.#after);
    return new Promise((resolve) => (this.#resign = () => resolve(undefined)));
  }

  /** Another tab thought this one dead and leads now. @param {AbortController} queueing */
  #isStolen(queueing) {
    if (queueing !== this.#queueing) return;
    this.#queueing = null;
    this.#resign = null;
    this.#live.pause();
    if (this.#isOn) this.#queue();
  }

  /** @param {number} within_ms */
  #expectWord(within_ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#isOn && !this.#resign && this.#queue(true), within_ms);
  }

  /** @param {Message} message */
  #hear(message) {
    if (!this.#isOn) return;
    if ("who" in message) {
      if (this.#resign) this.#post({});
      return;
    }
    if (this.#resign) return;
    const { change, since, hello, reset, joining, at, state } = message;
    if (state === "ended") {
      dispatchEvent(new Event(api.SIGNED_OUT)); // the others are no more signed in than the leader
      return this.pause("ended");
    }
    this.#expectWord(state === "reconnecting" ? SILENCE_BROKEN_MS : SILENCE_MS);
    this.#say(state);
    if (reset) return this.#listener.onReset();
    if (change && since !== undefined && since <= this.#after) this.#tell(change);
    if (hello) this.#listener.onHello(hello);
    if (joining !== undefined) this.#listener.onJoining?.(joining);
    if (!change && !hello && joining === undefined) this.#listener.onBeat?.();
    if (at > this.#after) this.#catchUp(at);
  }

  /** Ask for what was missed, up to *at* at least. @param {number} at */
  async #catchUp(at) {
    if (this.#isCatchingUp) return; // the next message tells if it was not enough
    this.#isCatchingUp = true;
    try {
      while (this.#isOn && this.#after < at) {
        const { changes, last_seq, reset } = await api.changes(this.#after, 0, AbortSignal.timeout(SILENCE_MS));
        if (reset) return this.#listener.onReset();
        changes.forEach((change) => this.#tell(change));
        this.#after = Math.max(this.#after, last_seq);
      }
    } catch {
      setTimeout(() => this.#channel.postMessage({ who: true }), AGAIN_MS);
    } finally {
      this.#isCatchingUp = false;
    }
    if (this.#isOn) this.#channel.postMessage({ who: true }); // more may have come meanwhile
  }

  /** @param {api.Change} change */
  #tell(change) {
    if (change.seq <= this.#after) return;
    this.#after = change.seq;
    this.#listener.onChange(change);
  }

  /** @param {Partial<Told>} what */
  #post(what) {
    if (navigator.locks) this.#channel.postMessage({ at: this.#after, state: this.#state, ...what });
  }

  /** @param {LiveState} state */
  #say(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.#listener.onState(state);
  }
}
