//! The tests that every store must pass: SQLite's, PostgreSQL's, and a model's.
//!
//! Each test is given a store that is new and empty, and panics with what is wrong. A harness runs [`run`] for every
//! name in [`TESTS`].
#![allow(clippy::unwrap_used)] // these are tests, though other crates' tests link them

mod ahead;
mod campaigns;
mod cards;
mod certified;
mod host;
mod issuances;
mod log;
mod orders;
mod people;
mod programs;
mod sweep;
mod terminals;
mod world;

use super::Store;

macro_rules! tests {
    ($($module:ident :: $name:ident),* $(,)?) => {
        /// The names of all tests.
        pub const TESTS: &[&str] = &[$(stringify!($name)),*];

        /// The test `name` on `store`, which is new and empty.
        ///
        /// # Panics
        /// Where the store does not pass, and for a name that is no test.
        pub async fn run<S: Store>(name: &str, store: &S) {
            match name {
                $(stringify!($name) => $module::$name(store).await,)*
                _ => panic!("there is no test {name}"),
            }
        }
    };
}

tests! {
    people::what_was_registered_reads_back,
    people::a_name_is_taken_once,
    people::the_newest_text_of_a_document_is_found,
    people::a_setting_is_written_once,
    people::an_idempotency_key_is_kept_once,
    terminals::a_terminal_reads_back_and_is_revoked_once,
    terminals::a_revoked_terminal_gives_its_name_back,
    terminals::a_reader_reads_back_and_is_revoked_once,
    terminals::an_enrolment_code_works_once_and_in_time,
    terminals::one_instance_holds_the_lease,
    terminals::a_challenge_is_used_once,
    terminals::a_ticket_is_used_once_and_in_time,
    orders::an_order_reads_back_with_what_is_sealed_of_it,
    orders::a_reference_is_taken_once,
    orders::an_order_is_approved_by_another_person_once,
    orders::prepared_data_needs_an_approved_order,
    orders::only_steps_of_the_transition_table_are_taken,
    orders::nothing_of_a_refused_commit_stays,
    cards::stock_reads_back_with_both_key_sets,
    cards::a_card_is_in_stock_once,
    cards::an_order_has_one_card_at_most,
    cards::a_key_set_moves_from_the_state_it_is_in,
    ahead::a_key_of_the_pool_is_taken_once_and_is_gone,
    ahead::a_modulus_is_in_the_pool_once,
    ahead::a_key_that_was_taken_in_a_refused_commit_is_still_there,
    ahead::a_number_is_given_once,
    ahead::a_range_steps_from_where_it_is,
    ahead::a_pin_mailer_is_handed_out_once,
    ahead::data_prepared_again_takes_the_tickets_with_it,
    ahead::of_two_who_want_the_same_key_and_number_one_gets_both,
    ahead::of_many_at_the_same_time_one_takes_the_key,
    certified::certification_keys_are_known_by_rid_and_index,
    certified::the_newest_certificate_of_an_issuer_counts,
    certified::an_authority_waits_for_its_certificate_and_gets_newer_ones,
    certified::a_serial_number_is_given_once_by_an_authority,
    programs::a_program_reads_back_and_its_aid_and_name_are_taken_once,
    programs::a_program_is_approved_once_and_by_another_person,
    programs::a_program_is_withdrawn_only_before_its_approval,
    issuances::an_issuance_reads_back_and_moves,
    issuances::another_epoch_state_or_step_moves_nothing,
    issuances::an_order_and_a_card_have_one_running_issuance,
    issuances::an_intent_is_closed_once,
    issuances::overdue_are_those_that_run_and_are_late,
    issuances::the_outbox_is_in_order,
    host::the_host_is_the_one_that_was_set_last,
    host::an_event_is_leased_to_one_and_again_when_the_lease_is_over,
    host::a_later_event_of_a_card_waits_for_the_earlier_one_and_no_other_card_does,
    host::an_event_that_failed_waits_for_its_time_or_is_called_back,
    host::an_event_is_taken_once_and_waits_no_more,
    host::events_are_found_by_order_and_by_number,
    host::an_expiry_is_that_of_the_last_preparation,
    host::a_proposal_about_a_card_is_confirmed_by_another_person_once,
    sweep::expired_challenges_are_forgotten_but_for_those_of_issuances,
    sweep::old_codes_and_answers_are_forgotten,
    campaigns::a_campaign_is_approved_by_another_person_and_moves_from_the_state_it_is_in,
    campaigns::a_card_is_in_a_campaign_once_and_gets_one_order_of_it,
    campaigns::cards_are_listed_by_id_and_their_replacements_by_age,
    campaigns::what_a_cancelled_order_had_ready_is_freed,
    log::the_log_grows_by_rfc_6962,
    log::leaves_of_an_order_are_its_own,
    log::entries_of_a_refused_commit_are_not_in_the_log,
    log::commits_at_the_same_time_leave_no_gap,
}
