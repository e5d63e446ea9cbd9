/**
 * Messages about schedules that servers run.
 *
 * @module
 */

/** Claims a time of a schedule, or pauses or resumes it. Answered with whether the time was claimed. */
export interface NoteScheduleMessage {
  /** The kind of message. */
  kind: "note_schedule";
  /** The pipeline. */
  name: string;
  /** The time that is due: of several servers one claims it. */
  due?: string;
  /** Since when it is paused, `null` to resume it. */
  pausedAt?: string | null;
}
