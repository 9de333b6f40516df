//! The newest observation wins, in every order of arrival, judgement and answers.

use domain::capacity::Nature;
use domain::capacity::Nature::{Lit, Place};
use domain::capacity::{Affectation, Indicator, IndicatorParts, Location, Statut, Temporalite, Update};
use domain::outcome::Etat;
use domain::outcome::Etat::{Depassee, EnAttente, NonTransmiseTest, Rejetee, Transmise};
use jiff::SignedDuration;
use store::{Closing, NewReplyText, RowToSend};

use super::bench::{
    Bench, SETTLE, acknowledged, at_location, beds, document, failed, held_back, judged, of_nature, refused,
    test_document, unknown,
};
use super::engine::{Engine, on_both_engines};

/// Two observations of these minutes, received in this order, both judged before anything is sent:
/// the states of their rows.
async fn check_order(engine: Engine, minutes: (i64, i64), expected: (Etat, Etat)) {
    let bench = Bench::new(engine).await;
    let first = bench.report("1", vec![beds(1, minutes.0)]).await;
    let second = bench.report("2", vec![beds(2, minutes.1)]).await;
    let states = (bench.etats(first).await[0], bench.etats(second).await[0]);
    assert_eq!(states, expected, "{minutes:?}");
    let winner = if expected.0 == EnAttente { 1 } else { 2 };
    assert_eq!(bench.send(acknowledged).await, [winner], "{minutes:?}");
}

async fn the_newer_date_wins_and_of_equal_ones_the_later_receipt(engine: Engine) {
    check_order(engine, (0, 5), (Depassee, EnAttente)).await;
    check_order(engine, (5, 0), (EnAttente, Depassee)).await;
    check_order(engine, (5, 5), (Depassee, EnAttente)).await;
}

/// How far the first of two observations is when the second comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Waits,
    InFlight,
    Acknowledged,
}

/// The states of two observations of one key and two natures, of these minutes, once all is answered, and what was sent.
async fn two_natures(
    engine: Engine,
    natures: [Nature; 2],
    minutes: [i64; 2],
    first: First,
    closing: fn(&Bench) -> Closing,
) -> ([Etat; 2], Vec<i32>) {
    let bench = Bench::new(engine).await;
    let one = bench.report("1", vec![of_nature(natures[0], 1, minutes[0])]).await;
    let claimed = if first == First::Waits { Vec::new() } else { bench.claim().await };
    let close = async || {
        for row in claimed.iter().flat_map(|batch| &batch.rows) {
            bench.close(row, closing(&bench)).await;
        }
    };
    if first == First::Acknowledged {
        close().await;
    }
    let other = bench.report("2", vec![of_nature(natures[1], 2, minutes[1])]).await;
    if first == First::InFlight {
        assert!(bench.claim().await.is_empty(), "{natures:?}, {minutes:?}: one request of a key at a time");
        close().await;
    }
    let mut sent: Vec<i32> = claimed.iter().flat_map(|batch| &batch.rows).map(number).collect();
    for _ in 0..4 {
        sent.extend(bench.send(acknowledged).await);
        bench.advance(SETTLE);
    }
    ([bench.etats(one).await[0], bench.etats(other).await[0]], sent)
}

fn number(row: &RowToSend) -> i32 {
    row.update.count.nombre.get()
}

async fn observations_of_one_key_compete_whatever_their_natures(engine: Engine) {
    for natures in [[Lit, Place], [Place, Lit], [Lit, Lit]] {
        for (first, closing, minutes, etats, sent) in [
            (First::Waits, acknowledged as fn(&Bench) -> Closing, [0, 5], [Depassee, Transmise], &[2][..]),
            (First::Waits, acknowledged, [5, 0], [Transmise, Depassee], &[1]),
            (First::Waits, acknowledged, [5, 5], [Depassee, Transmise], &[2]),
            (First::InFlight, acknowledged, [0, 5], [Transmise, Transmise], &[1, 2]),
            (First::InFlight, acknowledged, [5, 0], [Transmise, Depassee], &[1]),
            (First::InFlight, failed, [0, 5], [Depassee, Transmise], &[1, 2]),
            (First::InFlight, failed, [5, 0], [Transmise, Depassee], &[1, 1]),
            (First::InFlight, refused, [5, 0], [Rejetee, Transmise], &[1, 2]),
            (First::InFlight, unknown, [0, 5], [Depassee, Transmise], &[1, 2, 2]),
            (First::Acknowledged, acknowledged, [0, 5], [Transmise, Transmise], &[1, 2]),
            (First::Acknowledged, acknowledged, [5, 0], [Transmise, Depassee], &[1]),
        ] {
            let found = two_natures(engine, natures, minutes, first, closing).await;
            assert_eq!(found, (etats, sent.to_vec()), "{natures:?}, {first:?}, {minutes:?}");
        }
    }
}

/// Counts that are of another key than `beds`: another establishment, another service, another indicator.
fn of_other_keys(nombre: i64, minute: i64) -> Vec<Update> {
    let [mut finess, mut indicator] = [beds(nombre, minute), beds(nombre, minute)];
    finess.location = Location::new("299900100".parse().unwrap(), finess.location.service().clone());
    indicator.count.indicator = Indicator::new(IndicatorParts {
        statut: Statut::Installe,
        temporalite: Temporalite::Courant,
        genre: None,
        fermeture: None,
        supplement: None,
        crise: None,
        affectation: Affectation::Aucune,
    })
    .unwrap();
    vec![finess, at_location("SSR2", nombre, minute), indicator]
}

/// Newer counts that were acknowledged, and older ones that wait, in every place that is nearly the same.
async fn counts_of_other_keys_do_not_compete(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("plus récents", of_other_keys(7, 60)).await;
    assert_eq!(bench.send(acknowledged).await, [7, 7, 7]);
    let first = bench.receive("1", "1").await;
    assert!(!bench.store.has_newer(first, &beds(1, 0)).await.unwrap());
    bench.record(first, &judged(vec![document("1", vec![beds(1, 0)])])).await;
    assert_eq!(bench.send(failed).await, [1]);
    assert_eq!(bench.etats(first).await, [EnAttente], "to be tried again");
    bench.report("2", vec![beds(2, 5)]).await;
    bench.advance(5);
    assert_eq!(bench.send(refused).await, [2]);
    assert_eq!(bench.etats(first).await, [EnAttente], "it has its chance");
    assert_eq!(bench.send(unknown).await, [1]);
    bench.advance(SETTLE);
    bench.report("3", vec![beds(3, 6)]).await;
    bench.report("dans le doute", of_other_keys(9, 65)).await;
    let mut sent = bench.send(acknowledged).await;
    sent.sort_unstable();
    assert_eq!(sent, [3, 9, 9, 9]);
    bench.advance(SETTLE);
    assert_eq!(bench.send(acknowledged).await, [3], "once more, after the doubt, and nothing of the others");
    bench.advance(10 * SETTLE);
    assert!(bench.claim().await.is_empty());
    let others = bench.report("plus récents encore", of_other_keys(8, 70)).await;
    bench.report("4", vec![beds(4, 80)]).await;
    assert_eq!(bench.etats(others).await, [EnAttente; 3], "a newer count of ours is none of theirs");
    let mut sent = bench.send(acknowledged).await;
    sent.sort_unstable();
    assert_eq!(sent, [4, 8, 8, 8]);
}

/// What a replay says beforehand is what its record does: the date of observation comes before the order of receipt.
async fn a_preview_says_what_the_record_would_do(engine: Engine) {
    for acknowledges in [false, true] {
        for (received_first, minute, superseded) in
            [(true, 4, true), (true, 5, true), (true, 6, false), (false, 4, true), (false, 5, false), (false, 6, false)]
        {
            let bench = Bench::new(engine).await;
            let early = bench.receive("1", "1").await;
            let known = bench.report("2", vec![of_nature(Place, 1, 5)]).await;
            let late = bench.receive("3", "3").await;
            if acknowledges {
                bench.send(acknowledged).await;
            }
            let (mail, update) = (if received_first { early } else { late }, beds(2, minute));
            let told = bench.store.has_newer(mail, &update).await.unwrap();
            bench.record(mail, &judged(vec![document("autre", vec![update])])).await;
            let etat = bench.etats(mail).await[0];
            let context = format!("{received_first}, {minute}, {acknowledges}, {:?}", bench.etats(known).await);
            assert_eq!((told, etat), (superseded, if superseded { Depassee } else { EnAttente }), "{context}");
        }
    }
}

async fn the_later_receipt_wins_even_if_it_was_judged_first(engine: Engine) {
    let bench = Bench::new(engine).await;
    let earlier = bench.receive("1", "1").await;
    let later = bench.receive("2", "2").await;
    bench.record(later, &judged(vec![document("2", vec![beds(2, 0)])])).await;
    bench.record(earlier, &judged(vec![document("1", vec![beds(1, 0)])])).await;
    assert_eq!((bench.etats(earlier).await[0], bench.etats(later).await[0]), (Depassee, EnAttente));
    assert_eq!(bench.send(acknowledged).await, [2]);
}

async fn the_later_receipt_wins_when_the_earlier_is_tried_again(engine: Engine) {
    let bench = Bench::new(engine).await;
    let earlier = bench.receive("1", "1").await;
    let later = bench.receive("2", "2").await;
    bench.record(later, &judged(vec![document("2", vec![beds(2, 0)])])).await;
    let claimed = bench.claim().await;
    bench.record(earlier, &judged(vec![document("1", vec![beds(1, 0)])])).await;
    bench.close(&claimed[0].rows[0], failed(&bench)).await;
    assert_eq!((bench.etats(earlier).await[0], bench.etats(later).await[0]), (Depassee, EnAttente));
}

async fn an_old_one_that_comes_after_the_acknowledgement_is_superseded(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![beds(1, 5)]).await;
    bench.send(acknowledged).await;
    let late = bench.report("2", vec![beds(2, 0)]).await;
    assert_eq!(bench.etats(late).await, [Depassee]);
    assert_eq!(bench.send(acknowledged).await, Vec::<i32>::new());
}

/// A newer observation comes while the older is in flight: what becomes of the older by its answer.
/// The newer is never sent beside it.
async fn check_in_flight(engine: Engine, closing: fn(&Bench) -> Closing, older: Etat, wait: i64) {
    let bench = Bench::new(engine).await;
    let old = bench.report("1", vec![beds(1, 0)]).await;
    let claimed = bench.claim().await;
    let new = bench.report("2", vec![beds(2, 5)]).await;
    assert_eq!((bench.etats(old).await[0], bench.etats(new).await[0]), (EnAttente, EnAttente));
    assert!(bench.claim().await.is_empty(), "one request at a time for one location");
    bench.close(&claimed[0].rows[0], closing(&bench)).await;
    assert_eq!(bench.etats(old).await, [older]);
    bench.advance(wait - 1);
    if wait > 1 {
        assert!(bench.claim().await.is_empty(), "the location is held");
    }
    bench.advance(1);
    assert_eq!(bench.send(acknowledged).await, [2]);
    assert_eq!(bench.etats(new).await, [Transmise]);
}

async fn the_newer_goes_after_the_older_in_flight(engine: Engine) {
    check_in_flight(engine, acknowledged, Transmise, 1).await;
    check_in_flight(engine, refused, Rejetee, 1).await;
    check_in_flight(engine, failed, Depassee, 1).await;
    check_in_flight(engine, held_back, Depassee, 1).await;
    check_in_flight(engine, unknown, Depassee, SETTLE).await;
}

async fn a_crash_in_flight_holds_the_location_then_sends_the_newest(engine: Engine) {
    let mut bench = Bench::new(engine).await;
    let old = bench.report("1", vec![beds(1, 0)]).await;
    assert_eq!(bench.claim().await.len(), 1);
    let new = bench.report("2", vec![beds(2, 5)]).await;
    bench.restart().await;
    assert_eq!(bench.shift.recover_in_flight(bench.after(SETTLE)).await.unwrap(), 1);
    assert_eq!(bench.shift.recover_in_flight(bench.after(SETTLE)).await.unwrap(), 0, "once");
    assert_eq!((bench.etats(old).await[0], bench.etats(new).await[0]), (Depassee, EnAttente));
    assert!(bench.claim().await.is_empty(), "held");
    for _ in 0..2 {
        bench.advance(SETTLE);
        assert_eq!(bench.send(acknowledged).await, [2], "and once more, for the request in doubt");
    }
}

async fn a_newer_one_stops_a_second_sending_under_way(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![beds(1, 0)]).await;
    bench.send(unknown).await;
    bench.report("2", vec![beds(2, 5)]).await;
    bench.advance(SETTLE);
    bench.send(acknowledged).await;
    bench.advance(SETTLE);
    let again = bench.claim().await;
    bench.report("3", vec![beds(3, 6)]).await;
    bench.close(&again[0].rows[0], failed(&bench)).await;
    assert_eq!(bench.send(acknowledged).await, [3]);
    bench.advance(5);
    assert!(bench.claim().await.is_empty(), "the older one would overwrite it");
}

async fn the_newest_is_sent_again_after_a_request_in_doubt(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![beds(1, 0)]).await;
    assert_eq!(bench.send(unknown).await, [1]);
    let new = bench.report("2", vec![beds(2, 5)]).await;
    bench.advance(SETTLE);
    assert_eq!(bench.send(acknowledged).await, [2]);
    assert_eq!(bench.etats(new).await, [Transmise]);
    assert!(bench.claim().await.is_empty(), "not before the settling time");
    bench.advance(SETTLE);
    assert_eq!(bench.send(acknowledged).await, [2], "even though it was acknowledged");
    assert_eq!(bench.etats(new).await, [Transmise]);
    bench.advance(10 * SETTLE);
    assert!(bench.claim().await.is_empty(), "and then no more");
}

async fn what_was_acknowledged_stays_so_whatever_its_second_sending_meets(engine: Engine) {
    for closing in [refused, held_back, failed, unknown] {
        let bench = Bench::new(engine).await;
        bench.report("1", vec![beds(1, 0)]).await;
        bench.send(unknown).await;
        let new = bench.report("2", vec![beds(2, 5)]).await;
        bench.advance(SETTLE);
        bench.send(acknowledged).await;
        bench.settle(new, NewReplyText::Told).await;
        bench.advance(SETTLE);
        assert_eq!(bench.send(closing).await, [2]);
        assert_eq!((bench.etats(new).await, bench.codes(new).await), (vec![Transmise], vec![]));
    }
}

async fn a_newer_one_takes_the_second_sending_over(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![beds(1, 0)]).await;
    bench.send(unknown).await;
    bench.report("2", vec![beds(2, 5)]).await;
    bench.advance(SETTLE);
    bench.send(acknowledged).await;
    bench.report("3", vec![beds(3, 6)]).await;
    assert_eq!(bench.send(acknowledged).await, [3]);
    bench.advance(SETTLE);
    assert_eq!(bench.send(acknowledged).await, [3]);
    bench.advance(SETTLE);
    assert!(bench.claim().await.is_empty());
}

async fn a_refused_newer_one_gives_the_second_sending_back(engine: Engine) {
    let bench = Bench::new(engine).await;
    bench.report("1", vec![beds(1, 0)]).await;
    bench.send(unknown).await;
    bench.report("2", vec![beds(2, 5)]).await;
    bench.advance(SETTLE);
    bench.send(acknowledged).await;
    bench.report("3", vec![beds(3, 6)]).await;
    assert_eq!(bench.send(refused).await, [3]);
    assert_eq!(bench.send(acknowledged).await, [2], "the request in doubt may have overwritten it");
}

async fn a_refused_newest_lets_the_superseded_one_back(engine: Engine) {
    let bench = Bench::new(engine).await;
    let oldest = bench.report("1", vec![beds(1, 0)]).await;
    let older = bench.report("2", vec![beds(2, 5)]).await;
    let newest = bench.report("3", vec![beds(3, 9)]).await;
    assert_eq!(bench.send(refused).await, [3]);
    let states = (bench.etats(oldest).await[0], bench.etats(older).await[0], bench.etats(newest).await[0]);
    assert_eq!(states, (Depassee, EnAttente, Rejetee));
    assert_eq!(bench.send(acknowledged).await, [2]);
    assert!(bench.claim().await.is_empty(), "what is older than the acknowledged one stays superseded");
}

async fn what_was_told_as_superseded_is_not_rejected_afterwards(engine: Engine) {
    let bench = Bench::new(engine).await;
    let older = bench.report("1", vec![beds(1, 0)]).await;
    bench.settle(older, NewReplyText::Told).await;
    bench.report("2", vec![beds(2, 5)]).await;
    bench.settle(older, NewReplyText::Told).await;
    assert_eq!(bench.send(refused).await, [2]);
    assert_eq!(bench.send(refused).await, [1], "it has its chance");
    assert_eq!((bench.etats(older).await, bench.codes(older).await), (vec![Depassee], vec![]));
    assert!(bench.claim().await.is_empty(), "once");
}

async fn a_row_held_back_is_told_once_and_freed_by_its_end(engine: Engine) {
    for (end, etat) in [(acknowledged as fn(&Bench) -> Closing, Transmise), (refused, Rejetee)] {
        let bench = Bench::new(engine).await;
        let id = bench.report("1", vec![beds(1, 0)]).await;
        for _ in 0..3 {
            bench.send(held_back).await;
            assert_eq!(bench.codes(id).await, ["R04".parse().unwrap()]);
            assert!(
                bench.store.unsettled(SignedDuration::from_secs(900), bench.now(), None, 10).await.unwrap().is_empty(),
                "R04 is no answer"
            );
            bench.advance(3600);
        }
        bench.send(end).await;
        assert_eq!(bench.etats(id).await, [etat]);
        assert!(!bench.codes(id).await.contains(&"R04".parse().unwrap()));
    }
}

async fn a_newer_observation_ends_a_hold_back_as_superseded(engine: Engine) {
    let bench = Bench::new(engine).await;
    let old = bench.report("1", vec![beds(1, 0)]).await;
    bench.send(held_back).await;
    bench.report("2", vec![beds(2, 5)]).await;
    assert_eq!((bench.etats(old).await, bench.codes(old).await), (vec![Depassee], vec![]));
}

async fn test_mode_never_competes(engine: Engine) {
    let bench = Bench::new(engine).await;
    let real = bench.report("1", vec![beds(1, 0)]).await;
    let test = bench.receive("2", "2").await;
    bench.record(test, &judged(vec![test_document("2", vec![beds(2, 5)])])).await;
    assert_eq!((bench.etats(real).await[0], bench.etats(test).await[0]), (EnAttente, NonTransmiseTest));
    assert_eq!(bench.send(refused).await, [1]);
    assert!(bench.claim().await.is_empty());
    assert_eq!(bench.etats(test).await, [NonTransmiseTest]);
}

on_both_engines! {
    the_newer_date_wins_and_of_equal_ones_the_later_receipt,
    observations_of_one_key_compete_whatever_their_natures,
    counts_of_other_keys_do_not_compete,
    a_preview_says_what_the_record_would_do,
    the_later_receipt_wins_even_if_it_was_judged_first,
    the_later_receipt_wins_when_the_earlier_is_tried_again,
    an_old_one_that_comes_after_the_acknowledgement_is_superseded,
    the_newer_goes_after_the_older_in_flight,
    a_crash_in_flight_holds_the_location_then_sends_the_newest,
    a_newer_one_stops_a_second_sending_under_way,
    the_newest_is_sent_again_after_a_request_in_doubt,
    what_was_acknowledged_stays_so_whatever_its_second_sending_meets,
    a_newer_one_takes_the_second_sending_over,
    a_refused_newer_one_gives_the_second_sending_back,
    a_refused_newest_lets_the_superseded_one_back,
    what_was_told_as_superseded_is_not_rejected_afterwards,
    a_row_held_back_is_told_once_and_freed_by_its_end,
    a_newer_observation_ends_a_hold_back_as_superseded,
    test_mode_never_competes,
}
