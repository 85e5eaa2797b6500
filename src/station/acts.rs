//! What a scan does: it reprints, prints or ships a label, or says something to the station or its printer.

use super::answer::{Answer, Code, Facts, refused};
use super::control::Control;
use super::scanned::Scanned;
use super::session::{Session, Undo};
use super::{Station, StationError};
use crate::config::Mode;
use crate::spool::{Hold, HoldCause, LabelView, Reprint, SpoolError, UnixMs};

impl Station {
    /// Prints the next label of a wave whose parcels hold one piece each.
    pub(super) async fn print_goods(
        &self,
        session: &mut Session,
        scanned: &Scanned,
        person: Option<&str>,
        now: UnixMs,
    ) -> Result<Answer, StationError> {
        let waiting = self.spool.goods_waiting(scanned.articles()).await?;
        if let Some(label) = waiting.next {
            let mut answer = self.act(session, label, person, now).await?;
            if answer.code == Code::Printing {
                let left = waiting.single - 1;
                answer.facts.count = Some(left);
                answer.sentence.push_str(&format!(" {left} more wait for this article."));
            }
            return Ok(answer);
        }
        if waiting.in_orders > 0 {
            let count = waiting.in_orders;
            let sentence = format!("this article is only in orders with more in them ({count}): scan the order's code.");
            let facts = Facts { count: Some(count), ..Facts::default() };
            return Ok(Answer::new(session.mode, Code::NothingWaits, sentence).with(facts));
        }
        let count = self.spool.awaiting_scan().await?;
        let sentence = format!("nothing waits for this code; {count} labels wait for another scan.");
        let facts = Facts { count: Some(count), ..Facts::default() };
        Ok(Answer::new(session.mode, Code::NothingWaits, sentence).with(facts))
    }

    /// Does with the label what the mode says, or says why not.
    pub(super) async fn act(
        &self,
        session: &mut Session,
        label: LabelView,
        person: Option<&str>,
        now: UnixMs,
    ) -> Result<Answer, StationError> {
        let mode = session.mode;
        let done = match mode {
            Mode::Reprint => self.reprint(&label, person).await,
            Mode::Print => self.print(&label, person).await,
            Mode::Ship => self.ship(&label, person).await,
        };
        let (answer, undo) = match done {
            Ok(done) => done,
            Err(error) => (answer_to(error, &label, mode, now)?, Undo::Never("the last scan did nothing.")),
        };
        session.did(undo);
        if answer.code == Code::RefusedInDoubt {
            self.ask(label, now);
        }
        Ok(answer)
    }

    pub(super) async fn control(
        &self,
        session: &mut Session,
        control: Control,
        person: Option<&str>,
        now: UnixMs,
    ) -> Result<Answer, StationError> {
        let printer = self.printer.name.as_str();
        let at_printer = Facts { printer: Some(printer.to_owned()), ..Facts::default() };
        match control {
            Control::CameOut => self.outcome(session, true, person, now).await,
            Control::DidNot => self.outcome(session, false, person, now).await,
            Control::ReprintLast => {
                let Some(label) = self.spool.last_out(printer).await? else {
                    let sentence = format!("{printer} has printed nothing lately: scan the label itself.");
                    return Ok(Answer::new(session.mode, Code::Unknown, sentence).with(at_printer));
                };
                let (answer, undo) = match self.reprint(&label, person).await {
                    Ok(done) => done,
                    Err(error) => return Ok(answer_to(error, &label, Mode::Reprint, now)?),
                };
                session.did(undo);
                Ok(Answer { mode: session.mode, ..answer })
            }
            Control::Pause => {
                self.printer.pause().await;
                session.did(Undo::Never("a pause is ended by scanning \"resume\"."));
                let sentence = format!("{printer} is paused: it begins no new label.");
                Ok(Answer::new(session.mode, Code::Paused, sentence).with(at_printer))
            }
            Control::Resume => {
                self.printer.resume().await;
                session.did(Undo::Never("a printer that goes on is stopped by scanning \"pause\"."));
                Ok(Answer::new(session.mode, Code::Resumed, format!("{printer} goes on.")).with(at_printer))
            }
            Control::CancelWave => self.cancel_wave(session, person, now).await,
            Control::Undo => self.undo(session, person).await,
            Control::Mode(mode) => {
                let before = std::mem::replace(&mut session.mode, mode);
                session.did(Undo::Mode(before));
                Ok(Answer::new(mode, Code::Mode, says(mode)))
            }
            // Heard as a pick before it comes here.
            Control::Pick(_) => Ok(Answer::new(session.mode, Code::NothingAsked, "there is nothing to choose from.")),
        }
    }

    pub(super) fn badge(&self, session: &mut Session, name: Option<String>) -> Answer {
        let sentence = match &name {
            Some(name) => format!("{name} packs at {} now.", self.name),
            None => format!("nobody is named at {} any more.", self.name),
        };
        let before = std::mem::replace(&mut session.person, name.clone());
        session.did(Undo::Person(before));
        Answer::new(session.mode, Code::Badge, sentence).with(Facts { by: name, ..Facts::default() })
    }

    async fn reprint(&self, label: &LabelView, person: Option<&str>) -> Result<(Answer, Undo), SpoolError> {
        let reprint =
            Reprint { reason: format!("scanned at {}", self.name), by: self.who(person), station: Some(self.name.clone()) };
        let printer = self.printer.name.as_str();
        self.spool.reprint(&label.id, reprint, Some(printer)).await?;
        let copy = label.copies as usize + 1;
        let sentence = format!("label {} prints again at {printer}, as copy {copy}.", label.id);
        let facts = Facts { printer: Some(printer.to_owned()), count: Some(copy), ..Facts::default() };
        let answer = Answer::new(Mode::Reprint, Code::Reprinting, sentence).of(label.clone()).with(facts);
        Ok((answer, Undo::Reprint { label: label.id.clone() }))
    }

    async fn print(&self, label: &LabelView, person: Option<&str>) -> Result<(Answer, Undo), SpoolError> {
        let printer = self.printer.name.as_str();
        self.spool.let_print(&label.id, printer, &self.who(person)).await?;
        let sentence = format!("label {} prints at {printer}.", label.id);
        let facts = Facts { printer: Some(printer.to_owned()), ..Facts::default() };
        let answer = Answer::new(Mode::Print, Code::Printing, sentence).of(label.clone()).with(facts);
        Ok((answer, Undo::Print { label: label.id.clone() }))
    }

    async fn ship(&self, label: &LabelView, person: Option<&str>) -> Result<(Answer, Undo), SpoolError> {
        self.spool.ship(&label.id, Some(&self.who(person)), &self.name).await?;
        let sentence = format!("label {} is handed over.", label.id);
        let answer = Answer::new(Mode::Ship, Code::Shipped, sentence).of(label.clone());
        Ok((answer, Undo::Ship { label: label.id.clone() }))
    }

    async fn cancel_wave(&self, session: &mut Session, person: Option<&str>, now: UnixMs) -> Result<Answer, StationError> {
        let (mode, printer) = (session.mode, self.printer.name.as_str());
        let Some(wave) = self.spool.wave(printer).await?.filter(|wave| wave.waiting > 0) else {
            return Ok(Answer::new(mode, Code::NothingWaits, format!("nothing waits at {printer} that could be canceled.")));
        };
        let facts = |count| Facts {
            printer: Some(printer.to_owned()),
            count: Some(count),
            job: Some(wave.job.clone()),
            ..Facts::default()
        };
        if !session.confirms(&wave.job, now) {
            let sentence = format!("{} labels of {} still wait at {printer}: scan again to cancel them.", wave.waiting, wave.job);
            return Ok(Answer::new(mode, Code::Confirm, sentence).with(facts(wave.waiting)));
        }
        let canceled = self.spool.cancel_wave(&wave.job, printer, &self.who(person)).await?;
        session.did(Undo::Never("canceled labels stay canceled: send them again."));
        let sentence = format!("{canceled} labels of {} are canceled.", wave.job);
        Ok(Answer::new(mode, Code::WaveCanceled, sentence).with(facts(canceled)))
    }

    /// Takes back what the last scan did, where that can be.
    async fn undo(&self, session: &mut Session, person: Option<&str>) -> Result<Answer, StationError> {
        let no = |session: &Session, sentence: String| Ok(Answer::new(session.mode, Code::NothingToUndo, sentence));
        let Some(undo) = session.take_undo() else { return no(session, "there is nothing to take back.".to_owned()) };
        let (label, done, sentence) = match &undo {
            Undo::Never(why) => return no(session, format!("this cannot be taken back: {why}")),
            Undo::Mode(mode) => {
                session.mode = *mode;
                return Ok(Answer::new(*mode, Code::Undone, says(*mode)));
            }
            Undo::Person(before) => {
                let Answer { sentence, facts, .. } = self.badge(session, before.clone());
                session.take_undo();
                return Ok(Answer::new(session.mode, Code::Undone, sentence).with(facts));
            }
            Undo::Reprint { label } => {
                let done = self.spool.take_back_reprint(label, &self.who(person)).await.map(drop);
                (label, done, format!("label {label} does not print again."))
            }
            Undo::Print { label } => {
                let done = self.spool.hold(label, Hold::of(HoldCause::OnScan)).await.map(drop);
                (label, done, format!("label {label} waits for its scan again."))
            }
            Undo::Ship { label } => {
                (label, self.spool.unship(label, &self.name).await, format!("label {label} is not handed over any more."))
            }
        };
        match done {
            Ok(()) => {
                let label = self.spool.label(label).await?.label;
                Ok(Answer::new(session.mode, Code::Undone, sentence).of(label))
            }
            Err(SpoolError::Refusal(refusal)) => no(session, format!("it is too late to take that back: {refusal}")),
            Err(error) => {
                session.did(undo);
                Err(error.into())
            }
        }
    }
}

/// What a packer is told when the ledger did not do it; trouble with the ledger is no answer.
fn answer_to(error: SpoolError, label: &LabelView, mode: Mode, now: UnixMs) -> Result<Answer, SpoolError> {
    let SpoolError::Refusal(refusal) = &error else { return Err(error) };
    refused(label, mode, now, refusal).ok_or(error)
}

fn says(mode: Mode) -> &'static str {
    match mode {
        Mode::Reprint => "a scan prints the label again from now on.",
        Mode::Print => "a scan of an order or an article prints its label from now on.",
        Mode::Ship => "a scan hands the parcel over from now on.",
    }
}
