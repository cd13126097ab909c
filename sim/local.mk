noinst_LIBRARIES += libsim.a
libsim_a_SOURCES = sim/record.h sim/spec.h sim/train.h
libsim_a_SOURCES += sim/serve.c sim/serve.h sim/serve_admission_all.c sim/serve_admission_queue.c sim/serve_admission_wait.c sim/serve_batch.c \
  sim/serve_batching_chunked.c sim/serve_batching_prefill_first.c sim/serve_batching_static.c sim/serve_core.h sim/serve_cost.c sim/serve_cost.h sim/serve_fit.c sim/serve_instance.c sim/serve_instance.h sim/serve_layout.c sim/serve_meter.c \
  sim/serve_policies.c sim/serve_policies.h sim/serve_poll.c sim/serve_preempting_recompute.c sim/serve_preempting_swap.c \
  sim/serve_prefix.c sim/serve_prefix.h sim/serve_queue.c sim/serve_queueing_fair.c sim/serve_queueing_fcfs.c sim/serve_queueing_priority.c sim/serve_power.c sim/serve_room.c sim/serve_run.c sim/serve_seq.c sim/serve_share.c sim/serve_stats.c sim/serve_stats.h sim/serve_stretch.c sim/serve_setup.c sim/serve_setup.h sim/serve_table.c \
  sim/serve_victim_lowest.c sim/serve_victim_newest.c sim/serve_victim_smallest.c
libsim_a_SOURCES += sim/crew.c sim/crew.h sim/contract.c sim/contract.h sim/contract_block.c sim/contract_on_demand.c sim/contract_purchase.c sim/contract_spot.c \
  sim/contract_term.c sim/finance.c sim/finance.h sim/fleet.c sim/fleet.h sim/fleet_demand.c sim/fleet_demand.h sim/fleet_load.c sim/fleet_load.h \
  sim/fleet_surface.c sim/fleet_surface.h sim/ledger.c sim/ledger.h sim/life.c sim/life.h sim/life_bill.c sim/life_memo.c sim/life_memo.h \
  sim/life_metrics.c sim/life_metrics.h sim/life_records.c sim/life_records.h sim/life_replicas.c sim/life_replicas.h sim/life_run.c \
  sim/life_tornado.c sim/life_tornado.h sim/life_train.c sim/life_train.h sim/uncertainty.c sim/uncertainty.h
libsim_a_SOURCES += sim/train.h sim/train_cost.c sim/train_env.c sim/train_mem.c sim/train_network.c sim/train_play.c sim/train_plan.c sim/train_play.h sim/train_priv.h sim/train_rl.c sim/train_rl.h sim/train_run.c sim/train_stage.c \
  sim/train_step.c sim/train_timeline.c
libsim_a_SOURCES += sim/serve_cluster.c sim/serve_cluster.h sim/serve_cluster_play.c sim/serve_cluster_report.c sim/serve_start.c sim/serve_cluster_core.h sim/serve_flight.c sim/serve_order.c sim/serve_order.h sim/serve_router.c sim/serve_router.h \
  sim/serve_router_least.c sim/serve_router_near.c sim/serve_router_prefix.c sim/serve_router_round_robin.c sim/serve_router_two.c sim/serve_scaler.c sim/serve_scaler.h sim/serve_scaling.c sim/serve_leaves.c sim/serve_transfer.c
# planning
libsim_a_SOURCES += sim/offer.c sim/offer.h sim/serve_plan.c sim/serve_plan.h sim/serve_plan_choose.c sim/serve_plan_fleet.c sim/serve_plan_play.c sim/serve_plan_priv.h sim/serve_plan_ways.c sim/serve_screen.c sim/serve_screen.h
libsim_a_SOURCES += sim/fleet_replay.c sim/fleet_replay.h sim/replay_size.c sim/replay_size.h sim/replay.c sim/replay.h sim/replay_records.c
