//! Challenges and sessions of inspectors: in memory alone, so a restart ends them all (PROTOCOL 4.4).

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::protocol::ids::{Digest, Id};
use crate::verify::digest::{constant_time_eq, sha256};

const CHALLENGE_LIFE: Duration = Duration::from_secs(120);
pub(super) const SESSION_LIFE: Duration = Duration::from_secs(900);

/// Anybody may ask for challenges. When more are out than this, the oldest goes: to push out an inspector's,
/// a flood would have to ask for so many within one round trip.
const CHALLENGES_MAX: usize = 65_536;
/// Of one inspector; one more ends the oldest. Only a valid signature makes one.
const SESSIONS_PER_INSPECTOR: usize = 16;

pub(super) type Challenge = [u8; 32];

pub(super) struct Sessions {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Oldest first.
    challenges: VecDeque<(Challenge, Instant)>,
    /// By the SHA-256 of the session's secret, which is not kept.
    sessions: HashMap<Digest, Session>,
}

struct Session {
    inspector: Id,
    ends: Instant,
}

impl Sessions {
    pub(super) fn new() -> Self {
        Self { state: Mutex::default() }
    }

    pub(super) fn issue_challenge(&self, now: Instant) -> Challenge {
        let challenge: Challenge = rand::random();
        let mut state = self.lock();
        while state.challenges.front().is_some_and(|(_, ends)| *ends <= now)
            || state.challenges.len() >= CHALLENGES_MAX
        {
            state.challenges.pop_front();
        }
        state.challenges.push_back((challenge, now + CHALLENGE_LIFE));
        challenge
    }

    /// Whether the challenge was out and in time. It is used up by asking.
    pub(super) fn take_challenge(&self, challenge: &Challenge, now: Instant) -> bool {
        let mut state = self.lock();
        let found = state.challenges.iter().position(|(out, _)| constant_time_eq(out, challenge));
        found.and_then(|index| state.challenges.remove(index)).is_some_and(|(_, ends)| now < ends)
    }

    /// Begins a session and returns its secret.
    pub(super) fn begin(&self, inspector: Id, now: Instant) -> Zeroizing<[u8; 32]> {
        let secret = Zeroizing::new(rand::random::<[u8; 32]>());
        let mut state = self.lock();
        state.sessions.retain(|_, session| now < session.ends);
        let own = state.sessions.iter().filter(|(_, session)| session.inspector == inspector);
        if own.clone().count() >= SESSIONS_PER_INSPECTOR
            && let Some(oldest) = own.min_by_key(|(_, session)| session.ends).map(|(digest, _)| *digest)
        {
            state.sessions.remove(&oldest);
        }
        state.sessions.insert(sha256(&*secret), Session { inspector, ends: now + SESSION_LIFE });
        secret
    }

    /// Whose session this is, if it is one and not over.
    pub(super) fn inspector(&self, secret: &[u8; 32], now: Instant) -> Option<Id> {
        // Looked up by its hash: the time this takes tells nothing that would help to guess a secret.
        let digest = sha256(secret);
        self.lock()
            .sessions
            .get(&digest)
            .filter(|session| now < session.ends)
            .map(|session| session.inspector.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Id {
        text.parse().unwrap()
    }

    #[test]
    fn a_challenge_serves_once_and_for_two_minutes() {
        let (sessions, now) = (Sessions::new(), Instant::now());
        let challenge = sessions.issue_challenge(now);
        assert!(sessions.take_challenge(&challenge, now + Duration::from_secs(119)));
        assert!(!sessions.take_challenge(&challenge, now));
        let late = sessions.issue_challenge(now);
        assert!(!sessions.take_challenge(&late, now + CHALLENGE_LIFE));
        assert!(!sessions.take_challenge(&[0; 32], now));
    }

    #[test]
    fn a_session_ends() {
        let (sessions, now) = (Sessions::new(), Instant::now());
        let secret = sessions.begin(id("sara"), now);
        assert_eq!(sessions.inspector(&secret, now + Duration::from_secs(899)), Some(id("sara")));
        assert_eq!(sessions.inspector(&secret, now + SESSION_LIFE), None);
        assert_eq!(sessions.inspector(&[7; 32], now), None);
    }

    #[test]
    fn memory_is_bounded() {
        let (sessions, now) = (Sessions::new(), Instant::now());
        let first = sessions.issue_challenge(now);
        for _ in 0..CHALLENGES_MAX {
            sessions.issue_challenge(now);
        }
        assert_eq!(sessions.lock().challenges.len(), CHALLENGES_MAX);
        assert!(!sessions.take_challenge(&first, now));
        sessions.issue_challenge(now + CHALLENGE_LIFE);
        assert_eq!(sessions.lock().challenges.len(), 1, "what is over is forgotten");

        let other = sessions.begin(id("reza"), now);
        let oldest = sessions.begin(id("sara"), now);
        for i in 1..=SESSIONS_PER_INSPECTOR as u64 {
            sessions.begin(id("sara"), now + Duration::from_secs(i));
        }
        assert_eq!(sessions.lock().sessions.len(), SESSIONS_PER_INSPECTOR + 1);
        assert_eq!(sessions.inspector(&oldest, now), None);
        assert_eq!(sessions.inspector(&other, now), Some(id("reza")));
    }
}
