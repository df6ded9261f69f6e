import type { Case } from "./few-shot.ts";
import type { IqDraft } from "./item.ts";
import type { ItemRandom } from "./random.ts";
import {
  type Actor,
  ACTORS,
  DROPS,
  hiddenStart,
  move,
  OBJECTS,
  type Place,
  type StoryObject,
  storyTask,
  TAKES,
} from "./story-world.ts";

/** A story that has no question by then is drawn anew. */
const MOST_SENTENCES = 24;
/** A question comes after more sentences than this since the one before. */
const SENTENCES_BETWEEN_QUESTIONS = 2;

/** Where is an object? It needs who took it, and where that person went. */
export function twoFacts(random: ItemRandom): IqDraft {
  return storyTask(random, (from) => {
    for (;;) {
      const found = new Story(from).tell();
      if (found) return found;
    }
  });
}

class Story {
  readonly #random: ItemRandom;
  readonly #at: Record<Actor, Place>;
  /** A place, or the actor who holds it. */
  readonly #where: Record<StoryObject, Place | Actor>;
  /** What the sentences say: where an actor is, who holds an object, where it was dropped (unknown: null). */
  readonly #toldAt = new Map<Actor, Place>();
  readonly #holder = new Map<StoryObject, Actor>();
  readonly #dropped = new Map<StoryObject, Place | null>();
  readonly #sentences: string[] = [];

  constructor(random: ItemRandom) {
    this.#random = random;
    this.#at = hiddenStart(random, ACTORS);
    this.#where = hiddenStart(random, OBJECTS);
  }

  /** Goes on until a question is kept: any of the first five that could be asked. */
  tell(): Case | null {
    let questionsLeft = this.#random.between(1, 5);
    let sinceQuestion = 0;
    while (this.#sentences.length < MOST_SENTENCES) {
      if (!this.#happen()) continue;
      sinceQuestion += 1;
      if (sinceQuestion <= SENTENCES_BETWEEN_QUESTIONS || !this.#random.below(2)) continue;
      const known = OBJECTS.filter((object) => this.#placeTold(object) !== null);
      if (known.length === 0) continue;
      const asked = this.#random.pick(known);
      questionsLeft -= 1;
      sinceQuestion = 0;
      if (questionsLeft > 0) continue;
      const question = `${this.#sentences.join(" ")}\nQuestion: Where is the ${asked}?`;
      return { question, answer: this.#placeTold(asked)! };
    }
    return null;
  }

  /** One event; false when the one that was drawn is not possible. */
  #happen(): boolean {
    const kind = this.#random.below(3);
    const actor = this.#random.pick(ACTORS);
    if (kind === 0) return this.#go(actor);
    return kind === 1 ? this.#take(actor) : this.#drop(actor);
  }

  #go(actor: Actor): boolean {
    const [place, sentence] = move(this.#random, actor, this.#at[actor]);
    this.#at[actor] = place;
    this.#toldAt.set(actor, place);
    this.#sentences.push(sentence);
    return true;
  }

  #take(actor: Actor): boolean {
    const here = OBJECTS.filter((object) => this.#where[object] === this.#at[actor]);
    if (here.length === 0) return false;
    const object = this.#random.pick(here);
    this.#where[object] = actor;
    this.#holder.set(object, actor);
    this.#sentences.push(`${actor} ${this.#random.pick(TAKES)} ${object}.`);
    return true;
  }

  #drop(actor: Actor): boolean {
    const held = OBJECTS.filter((object) => this.#where[object] === actor);
    if (held.length === 0) return false;
    const object = this.#random.pick(held);
    this.#where[object] = this.#at[actor];
    this.#holder.delete(object);
    this.#dropped.set(object, this.#toldAt.get(actor) ?? null);
    this.#sentences.push(`${actor} ${this.#random.pick(DROPS)} ${object}.`);
    return true;
  }

  /** Where the sentences so far put an object; null when they do not. */
  #placeTold(object: StoryObject): Place | null {
    const holder = this.#holder.get(object);
    if (holder !== undefined) return this.#toldAt.get(holder) ?? null;
    return this.#dropped.get(object) ?? null;
  }
}
