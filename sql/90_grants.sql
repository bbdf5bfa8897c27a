-- Rights.  PUBLIC gets none, not even to look.  Hosts' roles need none: the
-- triggers on their tables run as the extension's owner.
--
-- A new routine is added below to the groups that may execute it; admin may
-- execute all.  test/sql/acl.sql lists what each group may do.

REVOKE ALL ON ALL ROUTINES IN SCHEMA revops FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA revops FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA revops FROM PUBLIC;
REVOKE ALL ON SCHEMA revops FROM PUBLIC;

-- ----- reader: definitions, queues, KPIs, pure functions ---------------------

GRANT USAGE ON SCHEMA revops TO revops_reader;

GRANT SELECT ON revops.workspace, revops.signal, revops.reason, revops.rep, revops.team, revops.team_member,
    revops.route, revops.time_off, revops.rep_skill, revops.rep_cap, revops.skill_need, revops.exchange_rate, revops.calendar, revops.calendar_hours, revops.calendar_exception,
    revops.agreement, revops.score_model, revops.score_group, revops.score_rule, revops.stage, revops.transition, revops.sla_policy, revops.sla_step,
    revops.question, revops.commitment, revops.nurture_track, revops.nurture_step, revops.handoff_rule, revops.auto_move,
    revops.binding, revops.binding_role, revops.reconcile_run, revops.binding_health
    TO revops_reader;
-- what binding_health looks with
GRANT EXECUTE ON FUNCTION
    revops.binding_problems(int),
    revops.capture_problems(int),
    revops.wanted_captures(int),
    revops.family(regclass),
    revops.key_is_unique(regclass, text[]),
    revops.named_relation(text),
    revops.policy_hides(regclass, regrole)
    TO revops_reader;

GRANT EXECUTE ON FUNCTION
    revops.engine_now(),
    revops.restoring(),
    revops.own_touches(),
    revops.intent_anew(bigint, int),
    revops.intent_rank(double precision, double precision),
    revops.decayed(double precision, interval, timestamptz),
    revops.decay_factor(timestamptz, interval, timestamptz),
    revops.whole_points(double precision),
    revops.grade(int, int, int[], int[]),
    revops.business_add(int, timestamptz, interval),
    revops.business_add(text, timestamptz, interval, int),
    revops.business_between(int, timestamptz, timestamptz),
    revops.business_between(text, timestamptz, timestamptz, int),
    revops.business_left(int, timestamptz, timestamptz),
    revops.calendar_problem(int),
    revops.is_open(int, timestamptz),
    revops.is_open(text, timestamptz, int),
    revops.next_close(int, timestamptz),
    revops.next_close(text, timestamptz, int),
    revops.next_open(int, timestamptz),
    revops.next_open(text, timestamptz, int),
    revops.check_calendar(int),
    revops.check_calendar(text, int),
    revops.standard_roles(text),
    revops.check_condition(text, text, text, text[], regtype[]),
    revops.check_lead_condition(int, text, text, text),
    revops.agreement_problems(int),
    revops.rule_meanings(int, int),
    revops.role_sql(revops.binding_role, regclass),
    revops.bracketed(text),
    revops.model_sql(int, text, int),
    revops.agreement_parts(),
    revops.agreement_row(name, name[]),
    revops.missing_sides(revops.agreement),
    revops.diff_agreement(int, int),
    revops.on_one_line(text),
    revops.document_duty(text, interval, text),
    revops.document_lines(int),
    revops.sla_document(int, int),
    revops.lead_roles(int),
    revops.lifecycle_ways(int),
    revops.check_lifecycle(int),
    revops.audit_handoff(int, int, int, double precision)
    TO revops_reader;
GRANT SELECT ON revops.rule_meaning, revops.rule_status TO revops_reader;
-- accounts and duplicates
GRANT SELECT ON revops.matching, revops.account_source, revops.account TO revops_reader;
GRANT EXECUTE ON FUNCTION revops.trgm_schema(), revops.name_similarity(text, text) TO revops_reader;
GRANT SELECT ON revops.account_match, revops.lead_duplicate, revops.duplicates TO revops_marketing, revops_sales;
GRANT EXECUTE ON FUNCTION revops.explain_match(bigint), revops.dismiss_duplicate(bigint, bigint) TO revops_marketing, revops_sales;
GRANT SELECT ON revops.lead_merge, revops.lead_unmerge, revops.merged_lead TO revops_marketing, revops_sales;
GRANT EXECUTE ON FUNCTION revops.merged_into(bigint), revops.one_person(bigint), revops.merge_facts(bigint, bigint, text), revops.merge_leads(bigint, bigint, text, boolean),
    revops.unmerge_leads(bigint, text) TO revops_marketing, revops_sales;
-- one form for e-mail addresses, phone numbers, names
GRANT SELECT ON revops.free_mail_domain TO revops_reader;
GRANT EXECUTE ON FUNCTION
    revops.normal_email(text, boolean, boolean),
    revops.email_domain(text),
    revops.normal_domain(text),
    revops.domain_and_parents(text),
    revops.calling_code(text),
    revops.normal_phone(text, text),
    revops.plain_letters(text),
    revops.normal_name(text),
    revops.normal_company(text),
    revops.standard_free_mail(),
    revops.is_free_mail(text)
    TO revops_reader;

GRANT SELECT ON revops.agreement_approval, revops.agreement_history, revops.agreement_overdue,
    revops.lead_status, revops.sla_due,
    revops.kpi_stage_conversion_week, revops.kpi_stage_conversion_month,
    revops.kpi_source_week, revops.kpi_source_month,
    revops.kpi_acceptance_week, revops.kpi_acceptance_month,
    revops.kpi_rejection_reasons_week, revops.kpi_rejection_reasons_month,
    revops.kpi_response_time_week, revops.kpi_response_time_month,
    revops.kpi_sla_compliance_week, revops.kpi_sla_compliance_month,
    revops.kpi_entry_week, revops.kpi_entry_month,
    revops.kpi_funnel_week, revops.kpi_funnel_month,
    revops.kpi_stage_volume_week, revops.kpi_stage_volume_month,
    revops.kpi_lead_velocity_week, revops.kpi_lead_velocity_month,
    revops.kpi_leakage_week, revops.kpi_leakage_month,
    revops.kpi_stage_time_week, revops.kpi_stage_time_month,
    revops.kpi_recycle_week, revops.kpi_recycle_month,
    revops.kpi_pipeline_week, revops.kpi_pipeline_month,
    revops.kpi_deals_week, revops.kpi_deals_month,
    revops.kpi_win_loss_week, revops.kpi_win_loss_month,
    revops.kpi_revenue_week, revops.kpi_revenue_month,
    revops.kpi_cost_week, revops.kpi_cost_month,
    revops.kpi_work_rate_week, revops.kpi_work_rate_month,
    revops.kpi_segment_week, revops.kpi_segment_month,
    revops.kpi_retention_week, revops.kpi_retention_month,
    revops.kpi_content_week, revops.kpi_content_month,
    revops.kpi_quota, revops.kpi_commitment, revops.kpi_catalogue, revops.hygiene
    TO revops_reader;
GRANT EXECUTE ON FUNCTION
    revops.hot_leads(int, timestamptz, int, text, text, text, text),
    revops.kpi_stage_conversion(text, timestamptz, timestamptz),
    revops.kpi_source(text, timestamptz, timestamptz),
    revops.kpi_acceptance(text, timestamptz, timestamptz),
    revops.kpi_rejection_reasons(text, timestamptz, timestamptz),
    revops.kpi_response_time(text, timestamptz, timestamptz),
    revops.kpi_sla_compliance(text, timestamptz, timestamptz),
    revops.hygiene_found(),
    revops.kpi_entry(text, timestamptz, timestamptz),
    revops.kpi_funnel(text, timestamptz, timestamptz),
    revops.kpi_stage_volume(text, timestamptz, timestamptz),
    revops.kpi_lead_velocity(text, timestamptz, timestamptz),
    revops.kpi_leakage(text, timestamptz, timestamptz),
    revops.kpi_stage_time(text, timestamptz, timestamptz),
    revops.kpi_recycle(text, timestamptz, timestamptz),
    revops.kpi_pipeline(text, timestamptz, timestamptz),
    revops.kpi_deals(text, timestamptz, timestamptz),
    revops.kpi_win_loss(text, timestamptz, timestamptz),
    revops.kpi_revenue(text, timestamptz, timestamptz),
    revops.kpi_cost(text, timestamptz, timestamptz),
    revops.kpi_work_rate(text, timestamptz, timestamptz),
    revops.kpi_segment(text, timestamptz, timestamptz),
    revops.kpi_retention(text, timestamptz, timestamptz),
    revops.kpi_content(text, timestamptz, timestamptz),
    revops.required_volume(interval), revops.kpi_commitment(timestamptz, timestamptz), revops.kpi_complete(text, date, text)
    TO revops_reader;
-- the plain views call these in the name of who reads them
GRANT EXECUTE ON FUNCTION
    revops.kpi_entry_rolled(text),
    revops.kpi_funnel_rolled(text),
    revops.kpi_source_rolled(text),
    revops.kpi_segment_rolled(text),
    revops.kpi_stage_conversion_rolled(text),
    revops.kpi_stage_volume_rolled(text),
    revops.kpi_lead_velocity_rolled(text),
    revops.kpi_leakage_rolled(text),
    revops.kpi_stage_time_rolled(text),
    revops.kpi_recycle_rolled(text),
    revops.kpi_acceptance_rolled(text),
    revops.kpi_rejection_reasons_rolled(text),
    revops.kpi_response_time_rolled(text),
    revops.kpi_sla_compliance_rolled(text),
    revops.kpi_pipeline_rolled(text),
    revops.kpi_deals_rolled(text),
    revops.kpi_win_loss_rolled(text),
    revops.kpi_revenue_rolled(text)
    TO revops_reader;
GRANT SELECT ON revops.rollup_status TO revops_reader;
GRANT EXECUTE ON FUNCTION revops.roll_up(int), revops.discard_rollups() TO revops_admin;
GRANT SELECT ON revops.spend, revops.spent, revops.quota TO revops_reader;
GRANT INSERT, UPDATE, DELETE ON revops.spend TO revops_marketing, revops_admin;
GRANT INSERT, UPDATE, DELETE ON revops.quota TO revops_sales, revops_admin;
GRANT EXECUTE ON FUNCTION revops.review_sample(int, timestamptz, timestamptz, int) TO revops_marketing, revops_sales;
GRANT SELECT ON revops.funnel_stage TO revops_reader;
GRANT SELECT ON revops.deal TO revops_marketing, revops_sales;
GRANT SELECT ON revops.re_entry TO revops_reader;
GRANT EXECUTE ON FUNCTION revops.fill_template(text, jsonb) TO revops_reader;
GRANT SELECT ON revops.rule_feedback TO revops_reader;
GRANT EXECUTE ON FUNCTION
    revops.feedback_z(bigint, bigint, bigint, bigint),
    revops.feedback_rule(timestamptz, timestamptz, int, double precision),
    revops.score_deciles(revops.score_count[]),
    revops.score_quality(timestamptz, timestamptz, text, text),
    revops.score_quality_by_role(text, text, text, text),
    revops.attribution(text, text, timestamptz, timestamptz, interval, interval, boolean, boolean)
    TO revops_reader;
-- why this rep
GRANT EXECUTE ON FUNCTION revops.explain_route(bigint), revops.explain_route_of(jsonb, text, int) TO revops_marketing, revops_sales;
GRANT SELECT ON revops.turn_credit TO revops_marketing, revops_sales;
-- the next step of a lead: rules are read by all, what shows single leads is not for readers
GRANT SELECT ON revops.next_step_rule TO revops_reader;
GRANT EXECUTE ON FUNCTION revops.next_step(bigint), revops.account_leads(bigint, int), revops.timeline(bigint, timestamptz, timestamptz),
    revops.handoff_brief(bigint, int), revops.handoff_brief_json(bigint, int),
    revops.correct_touch(bigint, bigint, text, text, timestamptz)
    TO revops_marketing, revops_sales;
GRANT SELECT ON revops.rejection_review TO revops_reader;
GRANT EXECUTE ON FUNCTION revops.with_sales(int, text) TO revops_reader;
GRANT SELECT ON revops.correction, revops.corrected_move TO revops_marketing, revops_sales;
GRANT SELECT ON revops.attribution_run, revops.attribution_day, revops.attribution_removal, revops.attribution_kept TO revops_reader;
GRANT SELECT ON revops.score_rejected TO revops_marketing, revops_sales;
GRANT EXECUTE ON FUNCTION revops.feedback_rejected(timestamptz, timestamptz, int) TO revops_marketing, revops_sales;
GRANT SELECT ON revops.conversion TO revops_marketing, revops_sales;
GRANT DELETE ON revops.attribution_run TO revops_marketing, revops_sales;
GRANT EXECUTE ON FUNCTION
    revops.attribution_path(text, timestamptz, timestamptz, interval, boolean, boolean),
    revops.attribution_credit(text, timestamptz, timestamptz, interval, interval, boolean, boolean),
    revops.attribution_markov(text, text, timestamptz, timestamptz, interval, boolean, boolean),
    revops.compute_attribution(text, timestamptz, timestamptz, interval, interval, boolean, boolean)
    TO revops_marketing, revops_sales;

-- consumers of events: read_events() asks for the role that was named as reader
GRANT SELECT ON revops.event_kind, revops.event_field, revops.event_consumers, revops.event_retention TO revops_reader;
GRANT EXECUTE ON FUNCTION revops.read_events(text, int), revops.commit_events(text, bigint, bigint), revops.event_key(revops.event),
    -- what the view event_consumers looks with
    revops.system_identifier(), revops.acting_role(), revops.consumer_backlog(int)
    TO revops_reader;
GRANT EXECUTE ON FUNCTION revops.event_payload(text, bigint, int) TO revops_marketing, revops_sales;

-- ----- marketing and sales: leads, drafts, verbs -----------------------------

GRANT SELECT ON revops.lead, revops.lead_identity, revops.touch, revops.stage_change, revops.assignment,
    revops.intent_fall, revops.score_override, revops.sla_clock, revops.sla_clock_change, revops.event, revops.handoff_queue,
    revops.enrolment, revops.nurture_change, revops.nurture_due, revops.recycling, revops.recycled_often,
    revops.suppressed
    TO revops_marketing, revops_sales;

GRANT SELECT ON revops.held_lead, revops.held_back, revops.answer, revops.lead_answers, revops.enrichment
    TO revops_marketing, revops_sales;
GRANT EXECUTE ON FUNCTION revops.answer_question(bigint, text, text), revops.enrich(bigint, jsonb, text)
    TO revops_marketing, revops_sales;

GRANT EXECUTE ON FUNCTION revops.lead_id(text, text) TO revops_marketing, revops_sales;

GRANT SELECT ON revops.duplicate_link, revops.duplicate, revops.rejection, revops.dispute, revops.dispute_resolution,
    revops.rejection_verdict, revops.disputes
    TO revops_marketing, revops_sales;

GRANT EXECUTE ON FUNCTION
    revops.explain_score(bigint, timestamptz),
    revops.explain_touches(bigint, timestamptz),
    revops.simulate(int, timestamptz, timestamptz),
    revops.simulate_leads(int, timestamptz, timestamptz),
    revops.record_touch(bigint, text, timestamptz, text, text, text),
    revops.capture(jsonb, text, text),
    revops.recycle(bigint, text, timestamptz),
    revops.duplicate(bigint, bigint),
    revops.dispute_rejection(bigint, text, text),
    revops.resolve_dispute(bigint, text, text),
    revops.review_rejection(bigint, text, text, text, int),
    revops.rejected_sample(date, int, text, int),
    revops.attempts_of(bigint, int),
    revops.survivor_of(bigint),
    revops.override_score(bigint, text, int, text, timestamptz),
    revops.withdraw_override(bigint, text, text),
    revops.enrol(bigint, text),
    revops.done_step(bigint),
    revops.leave_track(bigint),
    revops.draft_values(bigint),
    revops.step_draft(bigint, text, text)
    TO revops_marketing, revops_sales;
-- the lead is sales' from its handoff on
GRANT EXECUTE ON FUNCTION
    revops.accept(bigint, text),
    revops.reject(bigint, text),
    revops.no_response(bigint, timestamptz),
    revops.advance(bigint, text, text),
    revops.assign(bigint, text, text),
    revops.reassign(bigint, text, text, interval),
    revops.return_to_pool(bigint, text, text),
    revops.credit_lead(bigint, text),
    revops.correct_stage_change(bigint, int, text, text)
    TO revops_sales;

-- drafts: of versions in force the triggers refuse every edit
GRANT EXECUTE ON FUNCTION
    revops.draft_agreement(int, text),
    revops.propose_agreement(int, text),
    revops.approve_agreement(int, text, text, int),
    revops.refuse_agreement(int, text, text),
    revops.withdraw_agreement(int),
    revops.activate_agreement(int, timestamptz),
    revops.adopt_agreement(int, text)
    TO revops_marketing, revops_sales;
GRANT UPDATE (note, review_on, decide_by), DELETE ON revops.agreement TO revops_marketing, revops_sales;
GRANT INSERT, UPDATE, DELETE ON revops.score_model, revops.score_group, revops.score_rule, revops.question, revops.stage, revops.transition,
    revops.sla_policy, revops.sla_step, revops.commitment, revops.nurture_track, revops.nurture_step, revops.handoff_rule, revops.auto_move
    TO revops_marketing, revops_sales;
-- parts of the validation triggers, which run as whoever edits
GRANT EXECUTE ON FUNCTION revops.refuse_foreign(text, int, text, text, int), revops.check_score_group(revops.score_rule),
    revops.check_asks(revops.transition), revops.auto_move_circle(revops.auto_move),
    revops.auto_reason_problem(int, text, text, text), revops.auto_move_contradiction(revops.auto_move),
    revops.check_exact_time(text, text, interval, boolean), revops.check_signals(text, text, int, text[]),
    revops.check_promised_time(text, text, interval, boolean), revops.check_answering(revops.sla_policy, int)
    TO revops_marketing, revops_sales;

-- ----- admin: everything but writing facts and state by hand -----------------

GRANT SELECT ON ALL TABLES IN SCHEMA revops TO revops_admin;
-- what pg_dump needs to read
GRANT SELECT ON ALL SEQUENCES IN SCHEMA revops TO revops_admin;
GRANT INSERT, UPDATE, DELETE ON revops.workspace, revops.signal, revops.reason, revops.rep, revops.team,
    revops.team_member, revops.route, revops.time_off, revops.rep_skill, revops.rep_cap, revops.skill_need, revops.exchange_rate, revops.calendar, revops.calendar_hours,
    revops.calendar_exception, revops.score_model, revops.score_group, revops.score_rule, revops.question, revops.stage, revops.transition,
    revops.sla_policy, revops.sla_step, revops.commitment, revops.nurture_track, revops.nurture_step, revops.handoff_rule, revops.auto_move, revops.next_step_rule, revops.binding, revops.binding_role, revops.adopted_move
    TO revops_admin;
GRANT UPDATE (kinds, reader, notify, note) ON revops.event_consumer TO revops_admin;
GRANT INSERT, UPDATE (keep, lapse), DELETE ON revops.event_retention TO revops_admin;
GRANT UPDATE (note, review_on, decide_by), DELETE ON revops.agreement TO revops_admin;
GRANT INSERT, UPDATE, DELETE ON revops.free_mail_domain, revops.matching, revops.account_source, revops.account TO revops_admin;
GRANT DELETE ON revops.attribution_run TO revops_admin;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA revops TO revops_admin;
