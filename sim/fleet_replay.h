/* The hours of an option whose work is a replay: what it found of a second, for as long as nothing changes. */
#ifndef SIM_FLEET_REPLAY_H
#define SIM_FLEET_REPLAY_H
struct life;
void fleet_account_replay(struct life *l, double hours);
void fleet_judge_replay(struct life *l); /* was the service level met? */
#endif
