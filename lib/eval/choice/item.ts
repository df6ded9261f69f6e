/** How the options of a question are told apart: by the letter in front of them, or by their own text. */
export type AnswerStyle = "letters" | "text";

/** A question with its options. */
export interface ChoiceItem {
  question: string;
  choices: string[];
  /** Index of the right one. */
  answer: number;
  /** What the result is listed under; null where the file names none. */
  subject: string | null;
  /** The benchmark's own way of asking. */
  style: AnswerStyle;
  /** The options continue the question's sentence. */
  is_sentence: boolean;
}

/** "A" for 0. */
export function letter(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}
