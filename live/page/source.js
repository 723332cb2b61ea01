// The line to the server: figures, events, and whether it is up.

const API = '/api/rate-limiter';
const SILENCE_MS = 3000;
const RETRY_MS = 2000;

/** The history, oldest second first; empty if it cannot be had. */
export async function history() {
  try {
    const answer = await fetch(`${API}/history?limit=300`);
    const { status, data } = await answer.json();
    return status === 'success' ? data.history : [];
  } catch {
    return [];
  }
}

/**
 * Calls opened() at each (new) connection, stats(figures), event(happening), and state('live' or
 * 'lost'). Reconnects for ever.
 */
export function follow({ opened, stats, event, state }) {
  let stream;
  let heard = performance.now();

  const connect = () => {
    stream = new EventSource(`${API}/events`);
    stream.onopen = () => { heard = performance.now(); opened(); };
    stream.onerror = () => {
      state('lost');
      if (stream.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS); // refused, not cut
    };
    stream.addEventListener('stats', message => {
      heard = performance.now();
      state('live');
      stats(JSON.parse(message.data));
    });
    stream.addEventListener('event', message => event(JSON.parse(message.data)));
  };

  connect();
  setInterval(() => { if (performance.now() - heard > SILENCE_MS) state('lost'); }, 1000);
}

/** Switches a mode. Returns the server's message, or throws with the reason. */
export async function switchMode(route, token) {
  let answer;
  try {
    const response = await fetch(`${API}/${route}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Weir-Token': token },
      body: '{}',
    });
    answer = await response.json();
  } catch {
    throw new Error('the server did not answer');
  }
  if (answer.status !== 'success') throw new Error(answer.message);
  return answer.message;
}
