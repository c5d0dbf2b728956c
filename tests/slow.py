"""The slow proofs: what ``make test-slow`` runs and ``make test`` does not; CI runs both.

``make test`` is for every change and takes minutes. A test is here if it needs more than about half a second because it
kills processes, starts a demonstration or a server of its own, fills a database, walks through pages in Chromium, tries
generated or hostile input, does many things at the same time, builds a copy of all data of people, follows a case from
its beginning to its end, or repeats in another language or way in what a quick test proves once.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

import pytest

SLOW: Final = {
    "another language or way in": (
        "tests/consent/cookies/test_banner_in_a_browser.py::test_in_urdu_the_banner_runs_from_right_to_left",
        "tests/console/test_home.py::test_each_number_of_the_first_page_is_that_of_the_rows_behind_its_link[farah]",
        "tests/console/test_people.py::test_no_page_shows_plaintext_before_a_look[amina]",
        "tests/console/test_people.py::test_no_page_shows_plaintext_before_a_look[farah]",
        "tests/console/test_people.py::test_no_page_shows_plaintext_before_a_look[sana]",
        "tests/console/test_people.py::test_lists_and_exports_are_filtered_by_a_role_of_the_person[guardians",
        "tests/console/test_people.py::test_lists_and_exports_are_filtered_by_a_role_of_the_person[consent/consentevent",
        "tests/console/test_people.py::test_lists_and_exports_are_filtered_by_a_role_of_the_person[invitations",
        "tests/console/test_people.py::test_lists_and_exports_are_filtered_by_a_role_of_the_person[people/guardianclaim",
        "tests/onboarding/test_first_field.py",
        "tests/project/test_acts_in_urdu.py",
        "tests/console/test_every_page.py::test_each_role_opens_its_pages[amina]",
        "tests/console/test_every_page.py::test_no_page_has_an_inline_style_script_or_handler[amina]",
        "tests/console/test_every_page.py::test_no_page_says_anything_in_english_or_shows_a_code",
        "tests/console/test_every_page.py::test_save_is_above_the_panels_and_what_is_read_has_no_help_to_enter_it",
        "tests/console/test_every_page.py::test_each_role_opens_its_pages[celia]",
        "tests/console/test_every_page.py::test_each_role_opens_its_pages[farah]",
        "tests/console/test_every_page.py::test_no_page_has_an_inline_style_script_or_handler[farah]",
        "tests/console/test_every_page.py::test_each_role_opens_its_pages[sana]",
        "tests/project/test_permission_matrix.py::test_without_a_sign_in_only_public_routes_answer[post]",
        "tests/rights/test_every_kind.py::test_every_kind_is_carried_out_answered_and_closed[client]",
        "tests/rights/test_every_kind.py::test_every_kind_is_carried_out_answered_and_closed[form]",
        "tests/rights/test_every_kind.py::test_every_kind_is_carried_out_answered_and_closed[mail]",
        "tests/rights/test_every_kind.py::test_every_kind_is_carried_out_answered_and_closed[own_page]",
        "tests/rights/test_every_kind.py::test_every_kind_is_carried_out_answered_and_closed[telephone]",
        "tests/rights/test_impostors.py",
        "tests/sandbox/test_console.py::test_every_page_says_so_with_the_sandboxs_time",
        "tests/sandbox/test_console.py::test_in_the_view_of_all_clients_a_sandboxs_row_says_so_with_its_name_and_time",
        "tests/sandbox/test_states.py::test_any_state_leads_to_any_other",
        "tests/sandbox/test_states.py::test_the_next_question_is_answered_as_promised",
        "tests/schools/test_console.py::test_lists_and_exports_have_the_rows_of_a_class_school_or_grade[ageing",
        "tests/schools/test_console.py::test_lists_and_exports_have_the_rows_of_a_class_school_or_grade[guardians",
        "tests/schools/test_console.py::test_lists_and_exports_have_the_rows_of_a_class_school_or_grade[consent/consentevent",
        "tests/schools/test_console.py::test_lists_and_exports_have_the_rows_of_a_class_school_or_grade[invitations",
        "tests/schools/test_console.py::test_lists_and_exports_have_the_rows_of_a_class_school_or_grade[people/guardianclaim",
        "tests/signin/test_sessions.py::test_a_session_ends_after_twelve_hours_even_if_used[after1-False]",
        "tests/signin/test_second_factor.py::test_other_acts_require_no_reauthentication",
        "tests/single_sign_on/test_single_sign_on.py::test_the_second_factor_of_the_provider_counts_if_the_client_wants_it[honours-claims1",
        "tests/single_sign_on/test_single_sign_on.py::test_the_second_factor_of_the_provider_counts_if_the_client_wants_it[honours-claims2",
        "tests/single_sign_on/test_single_sign_on.py::test_the_second_factor_of_the_provider_counts_if_the_client_wants_it[honours-claims4",
        "tests/single_sign_on/test_single_sign_on.py::test_the_second_factor_of_the_provider_counts_if_the_client_wants_it[honours-claims5",
        "tests/single_sign_on/test_single_sign_on.py::test_the_second_factor_of_the_provider_counts_if_the_client_wants_it[honours-claims6",
        "tests/subjects/test_countries.py::test_an_invalid_country_is_refused_with_its_place[xlsx",
        "tests/subjects/test_countries.py::test_moving_to_a_higher_threshold_takes_effect_at_once[1.2]",
        "tests/subjects/test_countries.py::test_moving_to_a_higher_threshold_takes_effect_at_once[xlsx]",
        "tests/subjects/test_countries.py::test_moving_to_a_lower_threshold_waits_for_a_second_person[1.2]",
        "tests/subjects/test_countries.py::test_moving_to_a_lower_threshold_waits_for_a_second_person[xlsx]",
        "tests/subjects/test_countries.py::test_the_country_of_a_roster_sets_the_age_threshold[1.2]",
        "tests/subjects/test_countries.py::test_the_country_of_a_roster_sets_the_age_threshold[xlsx]",
        "tests/webhooks/test_every_event.py::test_each_act_causes_its_events[a_guardian_is_invited_reminded_and_says_yes]",
        "tests/webhooks/test_every_event.py::test_each_act_causes_its_events[a_guardian_requests_a_copy]",
        "tests/webhooks/test_every_event.py::test_each_act_causes_its_events[a_person_requests_their_data]",
        "tests/webhooks/test_every_event.py::test_each_act_causes_its_events[a_request_for_erasure_is_carried_out]",
    ),
    "a walk in Chromium": (
        "tests/access_links/test_in_a_browser.py",
        "tests/browser/test_browser.py",
        "tests/browser/test_days.py",
        "tests/browser/test_typed.py",
        "tests/consent/cookies/test_banner_in_a_browser.py::test_a_changed_text_asks_again",
        "tests/consent/cookies/test_banner_in_a_browser.py::test_a_child_gets_no_banner_and_no_optional_cookie",
        "tests/consent/cookies/test_banner_in_a_browser.py::test_a_withdrawal_on_the_portal_reaches_the_platform",
        "tests/consent/cookies/test_banner_in_a_browser.py::test_refusing_is_as_prominent_as_accepting_and_is_remembered",
        "tests/consent/cookies/test_banner_in_a_browser.py::test_texts_of_the_register_are_never_markup",
        "tests/consent/cookies/test_banner_in_a_browser.py::test_the_banner_is_accessible",
        "tests/consent/cookies/test_banner_in_a_browser.py::test_the_keyboard_alone_suffices",
        "tests/consent/cookies/test_banner_in_a_browser.py::test_the_privacy_signal_refuses_and_the_rest_is_asked",
        "tests/consent/cookies/test_reports_in_a_browser.py",
        "tests/consent/test_privacy_in_a_browser.py",
        "tests/console/test_clicks.py",
        "tests/console/test_pages.py::test_a_phone_has_the_menu_on_every_page_and_by_keyboard",
        "tests/console/test_pages.py::test_the_filter_finds_rare_lists",
        "tests/console/test_roster_page.py",
        "tests/onboarding/test_walk_in_a_browser.py",
        "tests/pages/test_every_page.py",
        "tests/public/test_public_pages.py::test_a_page_in_urdu_may_load_it",
        "tests/signin/test_security_key.py",
        "tests/single_sign_on/test_in_a_browser.py",
    ),
    "processes are killed": (
        "tests/api/test_killed.py",
        "tests/erasures/test_killed.py",
        "tests/faults/test_hung_database.py",
        "tests/faults/test_killed_exits.py",
        "tests/faults/test_killed_processes.py",
        "tests/faults/test_killed_sweeps.py",
        "tests/faults/test_stopped_anywhere.py",
        "tests/faults/test_web_processes.py",
        "tests/trial/test_environment.py::test_a_command_that_is_stopped_leaves_no_server",
        "tests/trial/test_environment.py::test_a_server_left_by_a_killed_command_is_taken_up_and_stopped",
        "tests/trial/test_environment.py::test_ctrl_c_while_the_server_is_being_made_leaves_none",
        "tests/trial/test_environment.py::test_the_server_stays_while_a_command_uses_it",
        "tests/trial/test_environment.py::test_two_commands_at_once_share_one_server_and_leave_none",
    ),
    "servers and clusters of their own": (
        "tests/deploy/test_bad_settings.py",
        "tests/api/test_bodies.py",
        "tests/api/test_docs_page.py::test_the_page_is_styled_and_follows_the_content_security_policy",
        "tests/backups/test_backup_and_restore.py",
        "tests/backups/test_drill.py",
        "tests/demo/test_demo.py",
        "tests/demo/test_guide.py::test_every_example_of_the_guide_works_in_order",
        "tests/demo/test_guide.py::test_every_example_of_the_readme_works",
        "tests/deploy/test_services.py",
        "tests/deploy/test_units.py::test_the_commands_start_log_json_and_count_together",
        "tests/embedded",
        "tests/minilms/test_copy.py",
        "tests/minilms/test_erasure.py",
        "tests/minilms/test_mini_lms.py",
        "tests/project/test_copies.py::test_the_next_test_finds_the_rows_and_the_schema_of_the_template",
        "tests/rights/test_mailbox_ways_in.py",
        "tests/tenancy/test_declarations.py::test_all_migrations_are_undone_and_applied_again",
        "tests/tenancy/test_declarations.py::test_migrating_back_and_forth_restores_tenant_isolation",
        "tests/tenancy/test_declarations.py::test_the_next_migrate_revokes_grants_given_by_hand",
        "tests/trial/test_doctor.py::test_a_database_that_cannot_be_reached_is_the_first_thing_to_mend",
        "tests/trial/test_doctor.py::test_not_ready_without_a_database",
        "tests/trial/test_real_outages.py",
    ),
    "thousands of rows, requests or steps": (
        "tests/accounts/test_two_people_at_once.py",
        "tests/api/test_subjects.py::test_a_batch_has_at_most_a_thousand_people",
        "tests/children/test_guardian_pages.py::test_a_hundred_looks_change_nothing",
        "tests/consent/test_interleavings.py",
        "tests/consent/test_recipient_windows.py",
        "tests/consent/test_widening.py::test_every_place_agrees_after_any_sequence",
        "tests/console/test_exports.py::test_many_rows_have_no_formula_and_need_no_more_memory_than_few",
        "tests/console/test_history.py::test_a_change_of_every_kind_is_described_in_words",
        "tests/console/test_pages.py::test_a_list_takes_as_many_queries_for_one_row_as_for_many",
        "tests/data_systems/test_sets.py::test_a_set_of_any_size_is_issued_in_constant_memory",
        "tests/console/test_exports.py::test_an_export_of_several_pages_opens",
        "tests/retention/disposals/test_years.py",
        "tests/retention/test_batches.py::test_a_batch_decides_as_single_decisions_do",
        "tests/rights/test_copy_sections.py::test_many_entries_need_no_more_memory_than_a_few",
        "tests/rights/test_year.py",
        "tests/scale",
        "tests/school_limits/test_acts.py::test_each_act_is_open_for_people_of_the_schools_or_about_the_whole_client",
        "tests/school_limits/test_acts.py::test_no_act_or_page_opens_a_row_of_people_of_another_school",
        "tests/school_limits/test_acts.py::test_each_open_act_does_the_same_as_for_one_without_a_limit",
        "tests/school_limits/test_reading.py",
        "tests/schools/test_recording.py::test_twelve_times_the_enrolments_take_no_more_memory",
        "tests/signin/test_second_factor.py::test_one_of_fifty_simultaneous_uses_of_a_code_succeeds",
        "tests/signin/test_second_factor.py::test_with_both_factors_the_same_crawl_opens_pages",
        "tests/signin/test_second_factor.py::test_with_only_a_password_no_page_of_the_console_opens",
        "tests/subjects/test_erasure_list.py::test_ten_concurrent_writers_cannot_undo_an_erasure",
        "tests/subjects/test_import_roster.py::test_memory_does_not_grow_with_the_roster",
        "tests/subjects/test_import_roster.py::test_the_first_roster_of_a_client_is_read_by_unique_keys",
        "tests/subjects/test_import_roster.py::test_the_number_of_statements_does_not_depend_on_the_chunks_size",
        "tests/subjects/test_sealing.py::test_nothing_personal_is_left_on_disk",
        "tests/subjects/test_sealing.py::test_the_search_finds_a_value_in_every_encoding",
    ),
    "generated or hostile input": (
        "tests/api/test_bad_input.py::test_any_json_is_answered_without_a_server_error",
        "tests/api/test_every_response.py",
        "tests/children/test_authority.py::test_given_means_a_consent_in_force_and_no_refusal_in_force",
        "tests/children/test_authority_model.py",
        "tests/children/test_attacks.py::test_a_name_matches_itself_and_matching_is_symmetric",
        "tests/consent/cookies/test_choices.py::test_nothing_is_ever_given_that_was_not_accepted_or_that_the_signal_covers",
        "tests/consent/cookies/test_script_answers.py::test_nothing_that_is_sent_is_a_server_error",
        "tests/consent/test_decision_properties.py",
        "tests/consent/test_receipts.py::test_whatever_else_is_typed_leads_nowhere",
        "tests/retention/schedule/test_due.py::test_the_database_and_the_pure_rules_agree",
        "tests/rights/test_guessing.py",
        "tests/rights/test_holds.py::test_whatever_is_done_a_hold_is_open_as_long_as_its_request_with_a_person",
        "tests/rights/test_mailbox.py::test_forged_senders_cause_at_most_three_emails_a_day_to_one_address",
        "tests/rights/test_mailbox.py::test_more_than_ten_requests_of_an_address_in_a_day_are_set_aside",
        "tests/rights/test_mailbox.py::test_two_robots_that_answer_each_other_stop_at_one",
        "tests/rights/test_mailbox_hostile.py",
        "tests/subjects/oneroster/test_robustness.py",
        "tests/tenancy/test_context.py::test_any_nesting_shows_the_right_rows_inside_a_test",
        "tests/tenancy/test_context.py::test_any_nesting_shows_the_right_rows_on_a_real_connection",
    ),
    "many at the same time": (
        "tests/access_links/test_doors.py::test_of_many_attempts_at_once_no_more_than_the_limit_are_checked",
        "tests/access_links/test_doors.py::test_of_many_who_use_one_link_or_code_at_once_one_gets_in",
        "tests/api/test_subjects.py::test_simultaneous_batches_in_opposite_orders_do_not_deadlock",
        "tests/api/test_changes.py::test_a_reader_misses_no_change_of_many_writers",
        "tests/api/test_idempotency.py::test_thirty_two_simultaneous_requests_act_once",
        "tests/consent/test_consents.py::test_parallel_answers_lose_nothing_and_agree_in_the_end",
        "tests/consent/test_announcements.py::test_every_reader_follows_it_at_its_time_without_a_worker",
        "tests/faults/test_receivers.py",
        "tests/faults/test_slow_callers.py",
        "tests/faults/test_streamed_exports.py",
        "tests/retention/schedule/test_holds.py::test_the_hold_of_a_person_whose_erasure_starts_meanwhile_recalls_its_orders",
        "tests/retention/test_at_once.py",
        "tests/rights/test_intake.py::test_of_many_requests_about_one_contact_three_count",
        "tests/rights/test_intake.py::test_of_two_tabs_one_decides_one_extends_and_one_answers",
        "tests/rights/test_intake.py::test_of_many_workers_one_carries_out_a_step",
        "tests/subjects/test_epochs.py::test_people_are_registered_and_erased_during_a_rewrap",
        "tests/subjects/test_roster_uploads.py::test_what_is_read_is_seen_before_the_step_commits",
    ),
    "a case from its beginning to its end": (
        "tests/agreements/test_console.py::test_an_officer_downloads_a_part_and_starts_the_deletion",
        "tests/agreements/test_console.py::test_the_officer_who_records_a_refusal_does_not_start_the_deletion",
        "tests/children/test_own_check.py::test_an_unverified_guardian_passes_a_check_and_their_consent_counts_at_once",
        "tests/children/test_own_check.py::test_neither_looking_nor_an_unknown_method_starts_a_verification",
        "tests/children/test_teacher_and_parent.py",
        "tests/console/test_children.py::test_in_the_console_an_officer_asks_and_an_administrator_of_the_client_approves",
        "tests/console/test_history.py::test_rows_without_versions_have_the_acts_of_the_ledger",
        "tests/erasures/test_pages.py",
        "tests/erasures/test_certificates.py::test_recipients_are_informed_before_the_key_is_destroyed",
        "tests/onboarding/test_path.py::test_an_administrator_is_invited_and_approved_on_the_path_and_makers_are_warned_to_sign",
        "tests/reports/test_regulator.py::test_the_zip_has_the_pdf_each_section_and_a_manifest_that_fits",
        "tests/retention/exits/test_exits.py::test_an_interrupted_exit_does_nothing_and_goes_on_where_it_stopped",
        "tests/rights/test_complaints.py::test_the_desk_records_a_case_from_a_complaint_to_its_outcome",
        "tests/rights/test_decisions.py::test_access_orders_every_system_once_and_closes_when_all_have_answered",
        "tests/rights/test_guardian_requests.py::test_the_page_of_a_request_shows_the_guardians_authority_now",
        "tests/rights/test_guardian_requests.py::test_the_page_shows_how_far_each_request_is_with_rights_number_and_dates",
        "tests/sandbox/test_reset.py",
        "tests/school_limits/test_work.py::test_a_record_is_hidden_only_while_it_is_linked_and_of_another_school",
        "tests/school_limits/test_work.py::test_a_copy_of_both_records_is_neither_ordered_nor_handed_over",
        "tests/school_limits/test_work.py::test_an_erasure_of_both_records_is_neither_proposed_nor_approved_nor_cancelled",
        "tests/signin/test_second_factor.py::test_each_sensitive_act_requires_reauthentication",
        "tests/subjects/test_replay.py",
    ),
    "copies and exports of all data of people are built": (
        "tests/erasures/test_certificates.py::test_the_pdf_is_accessible_and_says_the_same_in_both_languages",
        "tests/erasures/test_certificates.py::test_the_key_waits_until_the_copy_is_fetched",
        "tests/erasures/test_certificates.py::test_an_unfetched_copy_delays_the_destruction_of_the_key_until_it_expires",
        "tests/erasures/test_certificates.py::test_a_guardian_fetches_a_copy_while_the_child_is_being_erased",
        "tests/merges/test_merges.py::test_a_copy_orders_and_holds_the_data_of_both_records",
        "tests/merges/test_merges.py::test_an_erasure_is_proposed_approved_and_cancelled_for_both_records",
        "tests/merges/test_merges.py::test_both_records_are_erased_with_a_certificate_each",
        "tests/merges/test_merges.py::test_the_console_shows_the_link_and_the_requests_of_both_records",
        "tests/retention/exits/test_returns.py",
        "tests/rights/test_guardian_copies.py",
        "tests/rights/test_packages.py",
        "tests/subjects/test_erasure.py::test_the_search_finds_a_value_stored_in_clear",
    ),
}
"""Why a proof is slow, and the tests: a folder, a file, a test, or one of its cases."""

QUICK_RUN: Final = "not slow"
SLOW_RUN: Final = "slow"
"""How `make test` and `make test-slow` select by mark."""


def is_left_out(path: Path, config: pytest.Config) -> bool:
    """Return True for a file without a test of this run, so that it need not be imported.

    In the quick run that is a file all of whose tests are slow, in the slow run one that has no slow test.
    """
    if path.suffix != ".py" or config.args != config.getini("testpaths"):
        return False
    file = path.relative_to(config.rootpath).as_posix()
    slow = _find_slow_places()
    places = [place for place in (file, *map(str, PurePosixPath(file).parents)) if place in slow]
    if config.option.markexpr == QUICK_RUN:
        return any(slow[place] for place in places)
    return config.option.markexpr == SLOW_RUN and not places


@cache
def _find_slow_places() -> dict[str, bool]:
    return {entry.split("::")[0]: "::" not in entry for entries in SLOW.values() for entry in entries}


def mark_slow_tests(items: Iterable[pytest.Item], config: pytest.Config) -> None:
    """Mark the slow tests; if all tests were collected, raise UsageError for an entry that none has."""
    unused = {entry: reason for reason, entries in SLOW.items() for entry in entries}
    places, reasons = tuple(unused), dict(unused)
    for item in items:
        if item.nodeid.startswith(places):
            entry = next(place for place in places if item.nodeid.startswith(place))
            item.add_marker(pytest.mark.slow(reason=reasons[entry]))
            unused.pop(entry, None)
    if config.option.markexpr == QUICK_RUN:
        unused = {entry: reason for entry, reason in unused.items() if "::" in entry}
    if config.args == config.getini("testpaths") and unused:
        message = f"tests/slow.py names what no test is: {', '.join(unused)}"
        raise pytest.UsageError(message)
