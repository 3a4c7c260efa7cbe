//! The status as a screen that stays: `weir status --watch`.

use std::{collections::VecDeque, io, time::Duration};

use ratatui::{
    DefaultTerminal, Frame,
    crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers},
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::Line,
    widgets::{Block, Borders, Paragraph, Row, Sparkline, Table, Wrap},
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use weir_ops::health::Status;

use super::{
    text,
    view::{HealthView, SeverityName},
};
use crate::printable;

/// Looks whose lanes are drawn as a curve.
const HISTORY: usize = 60;

/// The terminal, until this value goes.
pub(super) struct Screen {
    terminal: DefaultTerminal,
    keys: UnboundedReceiver<()>,
    history: History,
}

/// How many events waited in all lanes at each of the last looks.
#[derive(Debug, Default)]
struct History(VecDeque<u64>);

impl Screen {
    /// Takes the terminal over.
    pub(super) fn open() -> io::Result<Self> {
        let terminal = ratatui::try_init()?;
        let (sender, keys) = unbounded_channel();
        // A thread of its own: reading keys blocks. It ends with the process, or when nobody listens.
        std::thread::spawn(move || {
            while !sender.is_closed() {
                if matches!(event::poll(Duration::from_millis(200)), Ok(true))
                    && event::read().is_ok_and(|event| ends(&event))
                    && sender.send(()).is_err()
                {
                    break;
                }
            }
        });
        Ok(Self { terminal, keys, history: History::default() })
    }

    /// Shows a look.
    pub(super) fn show(&mut self, health: &HealthView<'_>) -> io::Result<()> {
        self.history.add(health.status);
        let history = &self.history;
        self.terminal.draw(|frame| draw(frame, health, history)).map(drop)
    }

    /// Waits until somebody wants to leave.
    pub(super) async fn left(&mut self) {
        if self.keys.recv().await.is_none() {
            // No terminal to read from: only a signal ends it.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Whether a key says to leave: q, Escape, Ctrl-C.
fn ends(event: &Event) -> bool {
    let Event::Key(key) = event else { return false };
    let is_ctrl_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    key.kind == KeyEventKind::Press && (is_ctrl_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc))
}

impl History {
    fn add(&mut self, status: &Status) {
        if self.0.len() == HISTORY {
            self.0.pop_front();
        }
        self.0.push_back(status.lanes.iter().map(|lane| lane.waiting + lane.in_flight).sum());
    }
}

fn draw(frame: &mut Frame<'_>, health: &HealthView<'_>, history: &History) {
    let status = health.status;
    let findings = findings(health);
    #[expect(clippy::cast_possible_truncation, reason = "a screen has fewer lines")]
    let [head, top, middle, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(status.lanes.len().max(3) as u16 + 3),
        Constraint::Min(11),
        Constraint::Length(findings.len().clamp(1, 12) as u16 + 2),
    ])
    .areas(frame.area());
    let [table, curve] = Layout::horizontal([Constraint::Min(58), Constraint::Percentage(35)]).areas(top);
    let [flow, shopify] = Layout::horizontal([Constraint::Percentage(50), Constraint::Percentage(50)]).areas(middle);
    let title = format!(" {}  {}   q leaves", status.stack, status.at);
    frame.render_widget(plain(title).style(Modifier::BOLD), head);
    lanes(frame, table, status);
    let data: Vec<u64> = history.0.iter().copied().collect();
    frame.render_widget(Sparkline::default().block(block("in the lanes")).data(&data), curve);
    let paragraph = |title, lines: Vec<String>| {
        Paragraph::new(lines.into_iter().map(plain).collect::<Vec<_>>()).block(block(title))
    };
    let mut lines = text::flow(status);
    let title = if lines.is_empty() { "flow".to_owned() } else { lines.remove(0) };
    frame.render_widget(paragraph(title, lines), flow);
    let lines = text::shopify(status).into_iter().chain(text::controls(status)).collect();
    frame.render_widget(paragraph("Shopify, circuits, controls".to_owned(), lines).wrap(Wrap { trim: false }), shopify);
    frame.render_widget(Paragraph::new(findings).block(block("needs a look")).wrap(Wrap { trim: false }), bottom);
}

fn lanes(frame: &mut Frame<'_>, area: Rect, status: &Status) {
    let mut rows = text::lanes(status).into_iter();
    let head = Row::new(rows.next().unwrap_or_default()).style(Modifier::DIM);
    let rows = rows.zip(&status.lanes).map(|(row, lane)| {
        let style = if lane.dead > 0 { Style::new().fg(Color::Red) } else { Style::new() };
        Row::new(row).style(style)
    });
    let widths = [10, 9, 10, 9, 8, 6].map(Constraint::Length);
    frame.render_widget(Table::new(rows, widths).header(head).block(block("lanes")), area);
}

fn findings(health: &HealthView<'_>) -> Vec<Line<'static>> {
    let color = match health.findings.first().map(|finding| finding.severity) {
        Some(SeverityName::Bad) => Color::Red,
        Some(SeverityName::Odd) => Color::Yellow,
        None if health.unread.is_empty() => Color::Green,
        None => Color::Yellow,
    };
    let styled = |line: String| {
        let style = if line.starts_with(' ') { Style::new() } else { Style::new().fg(color) };
        plain(line).style(style)
    };
    text::findings(health).into_iter().map(styled).collect()
}

/// A line of text, of whatever origin.
fn plain(text: String) -> Line<'static> {
    Line::raw(printable::line(&text).into_owned())
}

fn block(title: impl Into<String>) -> Block<'static> {
    Block::new().borders(Borders::ALL).title(format!(" {} ", title.into()))
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend, crossterm::event::KeyEvent};
    use weir_core::Lane;
    use weir_ops::health::{CircuitStatus, Finding, FindingKind, Health, LaneStatus, Severity};

    use super::*;

    fn drawn(health: &Health, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let mut history = History::default();
        history.add(&health.status);
        terminal.draw(|frame| draw(frame, &HealthView::new(health), &history)).unwrap();
        terminal.backend().to_string()
    }

    fn health() -> Health {
        let lane = Lane::Urgent;
        let kind = FindingKind::DeadLetters { lane, count: 3 };
        let lane = LaneStatus { lane, waiting: 7, in_flight: 1, delayed: 0, dead: 3, oldest_seconds: None };
        let status = Status { stack: "weir".into(), lanes: vec![lane], ..Status::default() };
        let findings = vec![Finding { severity: Severity::Critical, kind }];
        Health { status, findings, ..Health::default() }
    }

    #[test]
    fn the_screen_says_what_is_wrong_and_what_to_do() {
        let screen = drawn(&health(), 120, 30);
        for said in ["urgent", "3 events in the dead-letter queue", "weir dlq list --lane urgent", "q leaves"] {
            assert!(screen.contains(said), "{said}:\n{screen}");
        }
    }

    #[test]
    fn words_of_strangers_do_not_steer_the_screen() {
        let mut health = health();
        health.status.stack = "we\u{1b}[2Jir".into();
        let name = "destination/\u{202e}pre\u{200b}".to_owned();
        let circuit = CircuitStatus {
            name,
            phase: "open",
            since: "now".into(),
            until: "then".into(),
            failed_probes: 0,
            reason: "\u{7}\nx".into(),
        };
        health.status.circuits = Some(vec![circuit]);
        health.findings[0].kind = FindingKind::Drifted { shop: "\u{9b}31m".into() };
        let screen = drawn(&health, 160, 40);
        assert!(!screen.contains(|c| c != '\n' && crate::printable::is_hidden(c)), "{screen:?}");
        for said in ["we\\u{1b}[2Jir", "destination/\\u{202e}pre\\u{200b}", "\\u{7}\\nx", "\\u{9b}31m"] {
            assert!(screen.contains(said), "{said}:\n{screen}");
        }
    }

    #[test]
    fn a_small_terminal_is_no_reason_to_panic() {
        for (width, height) in [(1, 1), (10, 3), (40, 8), (300, 100)] {
            drawn(&health(), width, height);
        }
    }

    #[test]
    fn the_usual_keys_leave_and_others_do_not() {
        let key = |code, modifiers| ends(&Event::Key(KeyEvent::new(code, modifiers)));
        assert!(key(KeyCode::Char('q'), KeyModifiers::NONE) && key(KeyCode::Esc, KeyModifiers::NONE));
        assert!(key(KeyCode::Char('c'), KeyModifiers::CONTROL));
        assert!(!key(KeyCode::Char('c'), KeyModifiers::NONE) && !ends(&Event::FocusGained));
    }

    #[test]
    fn the_curve_keeps_an_hour_of_looks_at_most() {
        let mut history = History::default();
        for _ in 0..200 {
            history.add(&health().status);
        }
        assert_eq!((history.0.len(), history.0[0]), (HISTORY, 8));
    }
}
