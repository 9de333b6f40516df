//! Whatever the order of reports, answers, losses and crashes: in the end the ROR holds the newest
//! observation that it does not refuse. The ROR here is a model that obeys the last request it
//! treats, and may treat one late.

use domain::capacity::Nature;
use domain::outcome::Etat;
use jiff::Timestamp;
use proptest::prelude::*;
use store::{MailId, RowToSend};

use super::bench::{
    Bench, SETTLE, acknowledged, document, failed, held_back, judged, of_nature, refused, test_document, unknown,
};
use super::engine::Engine;

/// What happens next.
#[derive(Debug, Clone)]
enum Step {
    /// A report is received; it is judged at once or when the backlog is.
    Report {
        minute: i64,
        nature: Nature,
        kind: Kind,
        judged: bool,
    },
    /// The backlog is judged, the last received first.
    JudgeBacklog,
    /// What is due is claimed: its requests leave.
    Claim,
    /// What is under way meets this fate.
    Answer(Fate),
    /// The workers that were paused wake: the requests they were at leave, late, and are answered.
    Wake,
    Wait(i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Accepted,
    RefusedByTheRor,
    Test,
}

#[derive(Debug, Clone, Copy)]
enum Fate {
    Answered,
    Failed,
    HeldBack,
    /// The answer is lost; the request was treated, or will be after so many seconds, or never.
    Lost(Treated),
    /// The process dies with the request under way.
    Crash(Treated),
    /// The worker is paused before the request leaves; its lease runs out, and another takes over.
    Pause,
}

#[derive(Debug, Clone, Copy)]
enum Treated {
    Yes,
    After(i64),
    Never,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kind = prop_oneof![6 => Just(Kind::Accepted), 2 => Just(Kind::RefusedByTheRor), 1 => Just(Kind::Test)];
    let nature = prop_oneof![Just(Nature::Lit), Just(Nature::Place)];
    let treated =
        prop_oneof![1 => Just(Treated::Yes), 1 => Just(Treated::Never), 3 => (1..2 * SETTLE).prop_map(Treated::After)];
    let fate = prop_oneof![
        4 => Just(Fate::Answered),
        1 => Just(Fate::Failed),
        1 => Just(Fate::HeldBack),
        3 => treated.clone().prop_map(Fate::Lost),
        1 => treated.prop_map(Fate::Crash),
        1 => Just(Fate::Pause),
    ];
    let step = prop_oneof![
        3 => (0..4_i64, nature, kind, prop::bool::weighted(0.8))
            .prop_map(|(minute, nature, kind, judged)| Step::Report { minute, nature, kind, judged }),
        1 => Just(Step::JudgeBacklog),
        4 => Just(Step::Claim),
        4 => fate.prop_map(Step::Answer),
        1 => Just(Step::Wake),
        1 => (1..2 * SETTLE).prop_map(Step::Wait),
        2 => Just(Step::Wait(SETTLE)),
    ];
    prop::collection::vec(step, 1..40)
}

struct Report {
    id: MailId,
    minute: i64,
    nature: Nature,
    kind: Kind,
}

struct World {
    bench: Bench,
    reports: Vec<Report>,
    backlog: Vec<usize>,
    /// The number that the ROR holds: the rank of a report.
    held: Option<usize>,
    late: Vec<(Timestamp, usize)>,
    /// The requests under way.
    flying: Vec<RowToSend>,
    /// Those of workers that are paused.
    paused: Vec<RowToSend>,
}

impl World {
    async fn new(engine: Engine) -> Self {
        Self {
            bench: Bench::new(engine).await,
            reports: vec![],
            backlog: vec![],
            held: None,
            late: vec![],
            flying: vec![],
            paused: vec![],
        }
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Report { minute, nature, kind, judged } => {
                self.report((*minute, *nature, *kind), *judged).await;
            }
            Step::JudgeBacklog => self.judge_backlog().await,
            Step::Claim => self.claim().await,
            Step::Answer(fate) => self.answer(*fate).await,
            Step::Wake => self.wake().await,
            Step::Wait(seconds) => self.wait(*seconds),
        }
        assert!(self.bench.store.balance(None).await.unwrap().holds());
    }

    async fn report(&mut self, (minute, nature, kind): (i64, Nature, Kind), judged: bool) {
        let rank = self.reports.len();
        let name = rank.to_string();
        let id = self.bench.receive(&name, &name).await;
        self.reports.push(Report { id, minute, nature, kind });
        self.backlog.push(rank);
        if judged {
            let rank = self.backlog.pop().unwrap();
            self.judge(rank).await;
        }
    }

    async fn judge_backlog(&mut self) {
        while let Some(rank) = self.backlog.pop() {
            self.judge(rank).await;
        }
    }

    async fn judge(&self, rank: usize) {
        let Report { id, minute, nature, kind } = self.reports[rank];
        let updates = vec![of_nature(nature, i64::try_from(rank).unwrap(), minute)];
        let make = if kind == Kind::Test { test_document } else { document };
        self.bench.record(id, &judged(vec![make(&rank.to_string(), updates)])).await;
    }

    async fn claim(&mut self) {
        self.flying.extend(self.bench.claim().await.into_iter().flat_map(|batch| batch.rows));
        assert!(self.flying.len() <= 1, "one location, one request: {:?}", self.flying);
    }

    async fn answer(&mut self, fate: Fate) {
        for row in std::mem::take(&mut self.flying) {
            match fate {
                Fate::Pause => self.pause(row).await,
                _ => self.meet(&row, fate).await,
            }
        }
    }

    async fn pause(&mut self, row: RowToSend) {
        self.take_over().await;
        self.paused.push(row);
    }

    async fn take_over(&mut self) {
        let until = self.bench.after(SETTLE);
        self.bench.crash().await;
        assert_eq!(self.bench.shift.take_over(until).await.unwrap(), 1);
    }

    async fn wake(&mut self) {
        for row in std::mem::take(&mut self.paused) {
            self.meet(&row, Fate::Answered).await;
        }
    }

    async fn meet(&mut self, row: &RowToSend, fate: Fate) {
        let rank = usize::try_from(row.update.count.nombre.get()).unwrap();
        let closing = match fate {
            Fate::Answered if self.reports[rank].kind == Kind::RefusedByTheRor => refused(&self.bench),
            Fate::Answered => {
                self.held = Some(rank);
                acknowledged(&self.bench)
            }
            Fate::Failed => failed(&self.bench),
            Fate::HeldBack => held_back(&self.bench),
            Fate::Lost(treated) => {
                self.treat(rank, treated);
                unknown(&self.bench)
            }
            Fate::Crash(treated) => {
                self.treat(rank, treated);
                return self.take_over().await;
            }
            Fate::Pause => return,
        };
        self.bench.close(row, closing).await;
    }

    fn treat(&mut self, rank: usize, treated: Treated) {
        if self.reports[rank].kind == Kind::RefusedByTheRor {
            return;
        }
        match treated {
            Treated::Yes => self.held = Some(rank),
            Treated::After(seconds) => self.late.push((self.bench.after(seconds), rank)),
            Treated::Never => {}
        }
    }

    fn wait(&mut self, seconds: i64) {
        self.bench.advance(seconds);
        let now = self.bench.now();
        self.late.sort();
        while self.late.first().is_some_and(|(at, _)| *at <= now) {
            self.held = Some(self.late.remove(0).1);
        }
    }

    /// Lets everything come to its end: all requests are answered from now on. Who is still paused wakes last.
    async fn finish(&mut self) {
        self.judge_backlog().await;
        self.calm_down().await;
        if !self.paused.is_empty() {
            self.wake().await;
            self.calm_down().await;
        }
    }

    async fn calm_down(&mut self) {
        let rounds = 2 * self.reports.len() + 4;
        // Settling times first, so that late requests come between; R04 is tried again after an hour.
        for wait in std::iter::repeat_n(SETTLE, rounds).chain(std::iter::repeat_n(3600, rounds)) {
            self.claim().await;
            self.answer(Fate::Answered).await;
            self.wait(wait);
        }
        assert!(self.bench.claim().await.is_empty(), "it never ends");
    }

    async fn check(&self) {
        let newest = |(_, report): &(usize, &Report)| (report.minute, report.id);
        let accepted = self.reports.iter().enumerate().filter(|(_, report)| report.kind == Kind::Accepted);
        assert_eq!(self.held, accepted.max_by_key(newest).map(|(rank, _)| rank));
        for report in &self.reports {
            let etats = self.bench.etats(report.id).await;
            assert!(!etats.contains(&Etat::EnAttente), "a row waits for ever");
        }
    }
}

fn tell(engine: Engine, steps: &[Step]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut world = World::new(engine).await;
        for step in steps {
            world.take(step).await;
        }
        world.finish().await;
        world.check().await;
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, max_shrink_iters: 400, ..ProptestConfig::default() })]
    #[test]
    fn the_newest_that_is_not_refused_is_held_in_the_end(steps in steps()) {
        tell(Engine::Sqlite, &steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 100, ..ProptestConfig::default() })]
    #[test]
    fn the_newest_that_is_not_refused_is_held_in_the_end_on_a_server(steps in steps()) {
        tell(Engine::Postgres, &steps);
    }
}
