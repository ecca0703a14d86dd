import type { Role } from "@/api/types";

/** Who may change a campaign: labels, images, models, people, runs. The server decides; the page only leaves out what it would refuse. */
export function mayManage(role: Role): boolean {
  return role === "owner" || role === "manager";
}

/** Who sees what everybody submitted, and how models do against it. */
export function mayReview(role: Role): boolean {
  return mayManage(role) || role === "reviewer";
}

export function mayLabel(role: Role): boolean {
  return role !== "viewer";
}
