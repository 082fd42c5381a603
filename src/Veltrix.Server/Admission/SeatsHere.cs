using Veltrix.Gate;

namespace Veltrix.Server.Admission;

/// <summary>What came of a hunter's wish to sit down.</summary>
enum Seating
{
    /// <summary>The seat is this server's as long as the hunter is connected.</summary>
    Held,
    /// <summary>The store did not answer. The hunter plays on, and the seat is asked for again as soon as it does.</summary>
    Trusted,
    /// <summary>There is no seat for it.</summary>
    None,
}

/// <summary>
/// The seats of those who are connected to this server, by hunter: the first connection takes the seat over, the last one that is lost begins its grace.
/// </summary>
/// <remarks>
/// Calls for one hunter go to the store one after another: a seat taken over just after it was let go must not be let go once more behind it. Thread-safe.
/// </remarks>
sealed class SeatsHere(HuntGate gate, GateCall call, string server, Func<TimeSpan> grace)
{
    const long TrustAtStartMs = 60_000;

    readonly Lock guard = new();
    readonly Dictionary<string, Seat> seats = new(StringComparer.Ordinal);
    readonly HashSet<string> unsettled = new(StringComparer.Ordinal);
    readonly Departures departures = new();
    readonly long startedMs = call.NowMs;
    // Those of the next call; null: there is none yet.
    List<string>? going;
    Task<Seating> told = Task.FromResult(Seating.None);
    int held;
    int reports;

    /// <summary>Hunters with a seat that are connected here.</summary>
    public int Count => Volatile.Read(ref held);

    /// <summary>The server is going away: seats stay as they are, and their hunters find them on the next one within the grace.</summary>
    public bool IsLeaving { get; set; }

    /// <summary>All of them, for a store that has forgotten; with what is left of the grace, those who are in it.</summary>
    public IReadOnlyCollection<(string Hunter, TimeSpan Left)> All()
    {
        lock (guard)
        {
            reports++;
            var connected = seats.Where(seat => seat.Value.Connections > 0).Select(seat => (seat.Key, TimeSpan.Zero));
            var lost = departures.Left(call.NowMs, grace()).Where(lost => !(seats.TryGetValue(lost.Hunter, out var seat) && seat.Connections > 0));
            return [.. connected, .. lost];
        }
    }

    /// <summary>One more connection of a hunter. Where there is no seat for it, the connection is not counted.</summary>
    public Task<Seating> Enter(string hunter)
    {
        lock (guard)
        {
            if (!seats.TryGetValue(hunter, out var seat)) seats.Add(hunter, seat = new Seat());
            if (seat.Connections == 0) return Queue(hunter, seat, Attach);
            seat.Connections++;
            return Task.FromResult(Seating.Held);
        }
    }

    /// <summary>One connection less.</summary>
    public void Leave(string hunter)
    {
        lock (guard)
        {
            var seat = seats[hunter];
            if (--seat.Connections > 0) return;
            held--;
            departures.Add(hunter, call.NowMs, grace());
            _ = Queue(hunter, seat, Detach);
        }
    }

    /// <summary>Asks the store again for what it did not answer. Called once it answers.</summary>
    public async Task Settle()
    {
        List<Task> asked = [];
        lock (guard)
        {
            foreach (var hunter in unsettled)
                if (seats.TryGetValue(hunter, out var seat)) asked.Add(Queue(hunter, seat, seat.Connections > 0 ? Claim : Detach));
            unsettled.Clear();
        }

        await Task.WhenAll(asked);
    }

    // Under the guard: what is asked for a hunter waits for what was asked before.
    Task<Seating> Queue(string hunter, Seat seat, Func<string, Seat, Task<Seating>> ask)
    {
        seat.Queued++;
        var next = After(seat.Last);
        seat.Last = next;
        return next;

        async Task<Seating> After(Task before)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            var result = await ask(hunter, seat);
            lock (guard)
                if (--seat.Queued == 0 && seat.Connections == 0 && !unsettled.Contains(hunter)) seats.Remove(hunter);
            return result;
        }
    }

    async Task<Seating> Attach(string hunter, Seat seat)
    {
        while (true)
        {
            var seen = Volatile.Read(ref reports);
            Seating result;
            try
            {
                result = await call.Try(cancel => gate.Attach(hunter, server, cancel)) ? Seating.Held : Seating.None;
            }
            catch (GateException)
            {
                result = PlayedLately(hunter) ? Seating.Trusted : Seating.None;
            }

            lock (guard)
            {
                // A report that was made meanwhile did not have this hunter yet, and the store took the seat for given up.
                if (result == Seating.Held && seen != reports) continue;
                if (result == Seating.None) return result;
                if (result == Seating.Trusted) unsettled.Add(hunter);
                if (seat.Connections++ == 0) held++;
                return result;
            }
        }
    }

    // Without the store, somebody is believed to have a seat who had one here within the grace; and anybody for the first minute of a server, whose hunters come back from the one before.
    bool PlayedLately(string hunter)
    {
        lock (guard) return call.NowMs - startedMs < TrustAtStartMs || departures.Within(hunter, call.NowMs, grace());
    }

    // Somebody who plays on trust takes the seat it has, or the next that is free.
    async Task<Seating> Claim(string hunter, Seat seat)
    {
        try
        {
            if (await call.Try(cancel => gate.Attach(hunter, server, cancel))) return Seating.Held;
            var answer = await call.Try(cancel => gate.Ask(hunter, HuntGate.Returns, false, grace(), true, true, cancel));
            if (answer.State == SeatState.Seated && await call.Try(cancel => gate.Attach(hunter, server, cancel))) return Seating.Held;
        }
        catch (GateException)
        {
            // Away again: it stays on the list.
        }

        lock (guard) unsettled.Add(hunter);
        return Seating.Trusted;
    }

    /// <summary>
    /// A whole crowd may leave in a second, and one call for each would wait for all the others: who leaves while the store is being told goes along with the next call.
    /// </summary>
    Task<Seating> Detach(string hunter, Seat seat)
    {
        lock (guard)
        {
            // Another connection of it has sat down since.
            if (seat.Connections > 0) return Task.FromResult(Seating.Held);
            if (going is null) told = TellNext(going = [], told);
            going.Add(hunter);
            return told;
        }
    }

    async Task<Seating> TellNext(List<string> hunters, Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (guard) going = null;
        try
        {
            if (!IsLeaving) await call.Try(cancel => gate.Detach(hunters, server, grace(), cancel));
        }
        catch (GateException)
        {
            lock (guard) unsettled.UnionWith(hunters);
        }

        return Seating.None;
    }

    sealed class Seat
    {
        public int Connections;
        public int Queued;
        public Task Last = Task.CompletedTask;
    }
}
