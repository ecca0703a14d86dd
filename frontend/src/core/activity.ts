/** How long a person was at work: gaps between their actions, long ones cut short. */

/** A longer pause is taken for absence; this much of it still counts as looking. */
export const LONGEST_PAUSE_S = 15;

export interface Activity {
  readonly active_s: number;
  readonly last_ms: number;
}

export function startActivity(now_ms: number): Activity {
  return { active_s: 0, last_ms: now_ms };
}

export function noteActivity(activity: Activity, now_ms: number): Activity {
  const gap_s = Math.max(0, (now_ms - activity.last_ms) / 1000);
  return { active_s: activity.active_s + Math.min(gap_s, LONGEST_PAUSE_S), last_ms: now_ms };
}

/** Take the seconds that were not sent yet. */
export function takeActivity(activity: Activity): { readonly rest: Activity; readonly active_s: number } {
  return { rest: { ...activity, active_s: 0 }, active_s: Math.round(activity.active_s * 10) / 10 };
}
