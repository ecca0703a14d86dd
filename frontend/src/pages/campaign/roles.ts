import type { Role } from "@/api/types";

/** Who may change a campaign: labels, images, models, people, runs. The server decides; the page only leaves out what it would refuse. */
export function mayManage(role: Role): boolean {
  return role === "owner" || role === "manager";
}

export function mayLabel(role: Role): boolean {
  return role !== "viewer";
}
