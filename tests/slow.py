"""The slow proofs: what ``make test-slow`` runs and ``make test`` does not; CI runs both.

``make test`` is for every change and takes minutes. A test is here if it needs more than about half a second because it
kills processes, starts a demonstration or a server of its own, fills a database, walks through pages in Chromium, tries
generated or hostile input, does many things at the same time, builds a copy of all data of people, follows a case from
its beginning to its end, or repeats in another language or way in what a quick test proves once.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

import pytest

_SLOW: Final = {
    "another language or way in": """
        project/test_acts_in_urdu.py rights/test_impostors.py
        consent/cookies/test_banner_in_a_browser.py::in_urdu_the_banner_runs_from_right_to_left
        console/test_home.py::each_number_of_the_first_page_is_that_of_the_rows_behind_its_link[farah]
        console/test_people.py::no_page_shows_plaintext_before_a_look[amina]|farah]|sana]
        ::lists_and_exports_are_filtered_by_a_role_of_the_person[guardians|consent/consentevent|invitations|people/guardianclaim
        console/test_every_page.py::each_role_opens_its_pages[amina]|celia]|farah]|sana]
        ::no_page_has_an_inline_style_script_or_handler[amina]|farah] ::no_page_says_anything_in_english_or_shows_a_code
        ::save_is_above_the_panels_and_what_is_read_has_no_help_to_enter_it
        project/test_permission_matrix.py::without_a_sign_in_only_public_routes_answer[post]
        rights/test_every_kind.py::every_kind_is_carried_out_answered_and_closed[client]|form]|mail]|own_page]|telephone]
        rights/test_people_outside.py::a_request_of_a_visitor_ends_well[complaint]|objection]|portability]|rectification]|restriction]|withdrawal]
        sandbox/test_console.py::every_page_says_so_with_the_sandboxs_time
        ::in_the_view_of_all_clients_a_sandboxs_row_says_so_with_its_name_and_time
        sandbox/test_console.py::any_state_leads_to_any_other ::the_next_question_is_answered_as_promised
        schools/test_console.py::lists_and_exports_have_the_rows_of_a_class_school_or_grade[ageing|guardians|consent/consentevent|invitations|people/guardianclaim
        signin/test_lockout.py::a_session_ends_after_twelve_hours_even_if_used[after1-False]
        signin/test_second_factor.py::other_acts_require_no_reauthentication
        single_sign_on/test_single_sign_on.py::the_second_factor_of_the_provider_counts_if_the_client_wants_it[honours-claims1|honours-claims2|honours-claims4|honours-claims5|honours-claims6
        subjects/test_ages.py::an_invalid_country_is_refused_with_its_place[xlsx
        ::moving_to_a_higher_threshold_takes_effect_at_once[1.2]|xlsx]
        ::moving_to_a_lower_threshold_waits_for_a_second_person[1.2]|xlsx]
        ::the_country_of_a_roster_sets_the_age_threshold[1.2]|xlsx]
        webhooks/test_endpoints.py::each_act_causes_its_events[a_guardian_is_invited_reminded_and_says_yes]|a_guardian_requests_a_copy]|a_person_requests_their_data]|a_request_for_erasure_is_carried_out]
    """,
    "a walk in Chromium": """
        access_links/test_in_a_browser.py browser/test_browser.py browser/test_typed.py
        consent/cookies/test_reports_in_a_browser.py consent/test_privacy_in_a_browser.py console/test_clicks.py
        console/test_roster_page.py onboarding/test_walk_in_a_browser.py pages/test_every_page.py
        signin/test_security_key.py single_sign_on/test_in_a_browser.py
        consent/cookies/test_banner_in_a_browser.py::a_changed_text_asks_again
        ::a_child_gets_no_banner_and_no_optional_cookie ::a_withdrawal_on_the_portal_reaches_the_platform
        ::refusing_is_as_prominent_as_accepting_and_is_remembered ::texts_of_the_register_are_never_markup
        ::the_banner_is_accessible ::the_keyboard_alone_suffices ::the_privacy_signal_refuses_and_the_rest_is_asked
        console/test_pages.py::a_phone_has_the_menu_on_every_page_and_by_keyboard ::the_filter_finds_rare_lists
        public/test_public_pages.py::a_page_in_urdu_may_load_it
    """,
    "processes are killed": """
        consent/test_decision_log.py::a_process_that_is_killed_loses_at_most_its_last_second
        api/test_killed.py erasures/test_killed.py faults/test_hung_database.py faults/test_killed_exits.py
        faults/test_killed_processes.py trial/test_environment.py::a_command_that_is_stopped_leaves_no_server
        ::a_server_left_by_a_killed_command_is_taken_up_and_stopped ::ctrl_c_while_the_server_is_being_made_leaves_none
        ::the_server_stays_while_a_command_uses_it ::two_commands_at_once_share_one_server_and_leave_none
    """,
    "servers and clusters of their own": """
        api/test_bodies.py backups/test_backup_and_restore.py demo/test_demo.py
        deploy/test_services.py embedded minilms/test_copy.py minilms/test_mini_lms.py rights/test_mailbox_ways_in.py
        trial/test_real_outages.py api/test_docs_page.py::the_page_is_styled_and_follows_the_content_security_policy
        demo/test_guide.py::every_example_of_the_guide_works_in_order ::every_example_of_the_readme_works
        deploy/test_units.py::the_commands_start_log_json_and_count_together
        project/test_copies.py::the_next_test_finds_the_rows_and_the_schema_of_the_template
        tenancy/test_declarations.py::all_migrations_are_undone_and_applied_again
        ::migrating_back_and_forth_restores_tenant_isolation ::the_next_migrate_revokes_grants_given_by_hand
        trial/test_doctor.py::a_database_that_cannot_be_reached_is_the_first_thing_to_mend
        ::not_ready_without_a_database
    """,
    "thousands of rows, requests or steps": """
        reports/test_use.py::people_of_a_day_are_found_by_an_index_among_200_000_reports
        consent/test_recipient_windows.py retention/disposals/test_years.py rights/test_year.py scale
        school_limits/test_reading.py
        accounts/test_staff_by_two.py::the_requester_never_approves_when_three_people_approve_at_once
        api/test_subjects.py::a_batch_has_at_most_a_thousand_people
        children/test_guardian_pages.py::a_hundred_looks_change_nothing
        consent/test_widening.py::every_place_agrees_after_any_sequence
        console/test_exports.py::many_rows_have_no_formula_and_need_no_more_memory_than_few
        ::an_export_of_several_pages_opens console/test_history.py::a_change_of_every_kind_is_described_in_words
        console/test_pages.py::a_list_takes_as_many_queries_for_one_row_as_for_many
        data_systems/test_sets.py::a_set_of_any_size_is_issued_in_constant_memory
        retention/test_collections.py::a_batch_decides_as_single_decisions_do
        rights/test_copy_sections.py::many_entries_need_no_more_memory_than_a_few
        school_limits/test_acts.py::each_act_is_open_for_people_of_the_schools_or_about_the_whole_client
        ::no_act_or_page_opens_a_row_of_people_of_another_school
        ::each_open_act_does_the_same_as_for_one_without_a_limit
        schools/test_recording.py::twelve_times_the_enrolments_take_no_more_memory
        signin/test_second_factor.py::one_of_fifty_simultaneous_uses_of_a_code_succeeds
        ::with_both_factors_the_same_crawl_opens_pages ::with_only_a_password_no_page_of_the_console_opens
        subjects/test_erasure_list.py::ten_concurrent_writers_cannot_undo_an_erasure
        subjects/test_import_roster.py::memory_does_not_grow_with_the_roster
        ::the_first_roster_of_a_client_is_read_by_unique_keys
        ::the_number_of_statements_does_not_depend_on_the_chunks_size
        subjects/test_sealing.py::nothing_personal_is_left_on_disk ::the_search_finds_a_value_in_every_encoding
    """,
    "generated or hostile input": """
        api/test_every_response.py children/test_authority_model.py consent/test_decision_properties.py
        rights/test_guessing.py rights/test_mailbox_hostile.py subjects/oneroster/test_robustness.py
        api/test_bad_input.py::any_json_is_answered_without_a_server_error
        children/test_authority.py::given_means_a_consent_in_force_and_no_refusal_in_force
        children/test_age_changes.py::a_name_matches_itself_and_matching_is_symmetric
        consent/cookies/test_choices.py::nothing_is_ever_given_that_was_not_accepted_or_that_the_signal_covers
        consent/cookies/test_script_answers.py::nothing_that_is_sent_is_a_server_error
        consent/test_receipts.py::whatever_else_is_typed_leads_nowhere
        retention/schedule/test_due.py::the_database_and_the_pure_rules_agree
        rights/test_limits.py::whatever_is_done_a_hold_is_open_as_long_as_its_request_with_a_person
        rights/test_mailbox.py::forged_senders_cause_at_most_three_emails_a_day_to_one_address
        ::more_than_ten_requests_of_an_address_in_a_day_are_set_aside ::two_robots_that_answer_each_other_stop_at_one
        tenancy/test_context.py::any_nesting_shows_the_right_rows_inside_a_test
        ::any_nesting_shows_the_right_rows_on_a_real_connection
    """,
    "many at the same time": """
        faults/test_receivers.py access_links/test_doors.py::of_many_attempts_at_once_no_more_than_the_limit_are_checked
        ::of_many_who_use_one_link_or_code_at_once_one_gets_in
        api/test_subjects.py::simultaneous_batches_in_opposite_orders_do_not_deadlock
        api/test_changes.py::a_reader_misses_no_change_of_many_writers
        api/test_idempotency.py::thirty_two_simultaneous_requests_act_once
        consent/test_consents.py::parallel_answers_lose_nothing_and_agree_in_the_end
        consent/test_announcements.py::every_reader_follows_it_at_its_time_without_a_worker
        retention/schedule/test_holds.py::the_hold_of_a_person_whose_erasure_starts_meanwhile_recalls_its_orders
        retention/test_incidents.py::a_release_waits_for_an_incident_that_is_being_opened
        ::an_incident_opened_while_another_closes_has_a_quarantine_of_its_own
        rights/test_intake.py::of_many_requests_about_one_contact_three_count
        ::of_two_tabs_one_decides_one_extends_and_one_answers ::of_many_workers_one_carries_out_a_step
        retention/test_data_map.py::first_declarations_at_the_same_time_make_one_line
        ::of_orders_at_the_same_time_one_is_made
        subjects/test_epochs.py::people_are_registered_and_erased_during_a_rewrap
        subjects/test_roster_uploads.py::what_is_read_is_seen_before_the_step_commits
    """,
    "a case from its beginning to its end": """
        children/test_teacher_and_parent.py erasures/test_pages.py sandbox/test_reset.py subjects/test_replay.py
        agreements/test_console.py::an_officer_downloads_a_part_and_starts_the_deletion
        ::the_officer_who_records_a_refusal_does_not_start_the_deletion
        children/test_own_check.py::an_unverified_guardian_passes_a_check_and_their_consent_counts_at_once
        ::neither_looking_nor_an_unknown_method_starts_a_verification
        console/test_children.py::in_the_console_an_officer_asks_and_an_administrator_of_the_client_approves
        console/test_history.py::rows_without_versions_have_the_acts_of_the_ledger
        erasures/test_certificates.py::recipients_are_informed_before_the_key_is_destroyed
        onboarding/test_path.py::an_administrator_is_invited_and_approved_on_the_path_and_makers_are_warned_to_sign
        reports/test_regulator.py::the_zip_has_the_pdf_each_section_and_a_manifest_that_fits
        retention/exits/test_exits.py::an_interrupted_exit_does_nothing_and_goes_on_where_it_stopped
        rights/test_desk.py::the_desk_records_a_case_from_a_complaint_to_its_outcome
        rights/test_decisions.py::access_orders_every_system_once_and_closes_when_all_have_answered
        rights/test_guardian_requests.py::the_page_of_a_request_shows_the_guardians_authority_now
        ::the_page_shows_how_far_each_request_is_with_rights_number_and_dates
        school_limits/test_tables.py::a_record_is_hidden_only_while_it_is_linked_and_of_another_school
        ::a_copy_of_both_records_is_neither_ordered_nor_handed_over
        ::an_erasure_of_both_records_is_neither_proposed_nor_approved_nor_cancelled
        signin/test_second_factor.py::each_sensitive_act_requires_reauthentication
        rights/test_people_outside.py::a_contact_of_a_client_is_copied_corrected_and_erased
        ::a_guardian_known_by_an_invitation_only_is_copied_corrected_and_erased
    """,
    "copies and exports of all data of people are built": """
        retention/exits/test_returns.py rights/test_guardian_copies.py rights/test_packages.py
        erasures/test_certificates.py::the_pdf_is_accessible_and_says_the_same_in_both_languages
        ::the_key_waits_until_the_copy_is_fetched ::an_unfetched_copy_delays_the_destruction_of_the_key_until_it_expires
        ::a_guardian_fetches_a_copy_while_the_child_is_being_erased
        merges/test_merges.py::a_copy_orders_and_holds_the_data_of_both_records
        ::an_erasure_is_proposed_approved_and_cancelled_for_both_records
        ::both_records_are_erased_with_a_certificate_each ::the_console_shows_the_link_and_the_requests_of_both_records
        subjects/test_erasure.py::the_search_finds_a_value_stored_in_clear
    """,
}
"""Why a proof is slow, and the tests in tests/: a folder, a file, or a test without its ``test_``, or one of its cases.

``::another`` is of the file before it, and ``[one]|two]`` are cases, or how they begin.
"""


def _read_entries(text: str) -> Iterator[str]:
    file = ""
    for entry in text.split():
        place, _, test = entry.partition("::")
        file = place or file
        name, bracket, cases = test.partition("[")
        for case in cases.split("|"):
            yield f"tests/{file}::test_{name}{bracket}{case}" if test else f"tests/{file}"


SLOW: Final = {reason: [*_read_entries(entries)] for reason, entries in _SLOW.items()}

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
