using Veltrix.Server.Leaderboards;

namespace Veltrix.Server.Live;

/// <summary>
/// Everybody connected to one hunt on this server, by team and by the slot of the cadence in which their boards leave.
/// </summary>
/// <remarks>Thread-safe. The news come from the folding task, in order.</remarks>
public sealed class Audience
{
    /// <summary>
    /// Slots of one cadence. At a frame a second, one slot leaves every 5 ms: a burst to all sockets at once would make every outcome wait behind it.
    /// </summary>
    public const int Slots = 200;

    readonly Lock gate = new();
    readonly Dictionary<int, List<Listener>> byTeam = [];
    readonly Dictionary<(string Hunter, string Instance), Listener> byInstance = [];
    readonly List<Listener> relays = [];
    readonly List<Listener>[] slots = [.. Enumerable.Range(0, Slots).Select(_ => new List<Listener>())];
    int nextSlot;

    /// <summary>How many are connected.</summary>
    public int Count { get; private set; }

    /// <summary>Whether somebody is here to be told of this team's outcomes.</summary>
    public bool Hears(int team)
    {
        if (Count == 0) return false;
        lock (gate) return relays.Count > 0 || byTeam.ContainsKey(team);
    }

    /// <summary>Lets a listener in. One that holds the same hunter and instance is closed with <see cref="CloseCodes.Replaced"/>.</summary>
    public void Enter(Listener listener)
    {
        Listener? replaced = null;
        lock (gate)
        {
            Count++;
            listener.Slot = nextSlot;
            nextSlot = (nextSlot + 1) % Slots;
            slots[listener.Slot].Add(listener);
            if (listener.IsRelay) relays.Add(listener);
            else if (listener.Team >= 0)
            {
                if (!byTeam.TryGetValue(listener.Team, out var team)) byTeam.Add(listener.Team, team = new(1));
                team.Add(listener);
                byInstance.Remove((listener.Hunter, listener.Instance), out replaced);
                byInstance.Add((listener.Hunter, listener.Instance), listener);
            }
        }

        replaced?.Outbox.Close(CloseCodes.Replaced);
    }

    public void Leave(Listener listener)
    {
        lock (gate)
        {
            // A connection that broke before its welcome was whole never came in.
            if (!slots[listener.Slot].Remove(listener)) return;
            Count--;
            if (listener.IsRelay) relays.Remove(listener);
            else if (listener.Team >= 0)
            {
                var team = byTeam[listener.Team];
                team.Remove(listener);
                if (team.Count == 0) byTeam.Remove(listener.Team);
                if (byInstance.GetValueOrDefault((listener.Hunter, listener.Instance)) == listener) byInstance.Remove((listener.Hunter, listener.Instance));
            }
        }
    }

    /// <summary>Those whose boards leave in this slot, copied into <paramref name="into"/>.</summary>
    public void InSlot(int slot, List<Listener> into)
    {
        lock (gate) into.AddRange(slots[slot]);
    }

    /// <summary>Posts what has happened to whom it concerns.</summary>
    public void Tell(IReadOnlyList<News> news)
    {
        foreach (var item in news)
            switch (item)
            {
                case News.Outcome outcome:
                    Tell(outcome);
                    break;
                case News.HuntMoved moved:
                    TellAll(Frames.Hunt(moved));
                    break;
                case News.Announcement announcement:
                    TellAll(Frames.Announcement(announcement));
                    break;
                case News.Banned banned:
                    foreach (var listener in All().Where(l => l.Hunter == banned.Hunter)) listener.Outbox.Close(CloseCodes.Banned);
                    break;
            }
    }

    void Tell(News.Outcome outcome)
    {
        ReadOnlyMemory<byte> frame = Frames.Outcome(outcome);
        lock (gate)
        {
            if (byTeam.TryGetValue(outcome.Team, out var team))
                foreach (var listener in team) listener.PostOutcome(outcome.What.Number, frame);
            foreach (var relay in relays) relay.Outbox.Post(frame);
        }
    }

    void TellAll(ReadOnlyMemory<byte> frame)
    {
        foreach (var listener in All()) listener.Outbox.Post(frame);
    }

    Listener[] All()
    {
        lock (gate) return [.. slots.SelectMany(slot => slot)];
    }
}

/// <summary>What a listener wants to see of the board.</summary>
/// <param name="Around">Neighbours each side of its own team.</param>
/// <param name="Top">Rows of the top: one of <see cref="BoardFrames.Tops"/>.</param>
/// <param name="Graph">Also how the scores of the first teams came about.</param>
public sealed record BoardWish(int Around, int Top, bool Graph = false);

/// <summary>One connected socket, as the live side knows it.</summary>
/// <param name="hunter">Empty for spectators and relays.</param>
/// <param name="team">−1 for spectators and relays.</param>
public sealed class Listener(Outbox outbox, string hunter, string instance, int team, bool isRelay)
{
    long lastOutcome;
    long servedPosition;
    BoardWish? served;
    int presence;
    int graph;

    public Outbox Outbox { get; } = outbox;

    public string Hunter { get; } = hunter;

    public string Instance { get; } = instance;

    public int Team { get; } = team;

    public bool IsRelay { get; } = isRelay;

    /// <summary>What its boards show. Replaced whole by the receiving side; see <see cref="Serve"/>.</summary>
    public required BoardWish Wish { get; set; }

    /// <summary>Set by the audience.</summary>
    public int Slot { get; set; }

    /// <summary>Whether it has got the board of this position as it wishes it now. Only the pacer asks.</summary>
    public bool HasBoard(long position) => servedPosition == position && ReferenceEquals(served, Wish);

    /// <summary>Notes that it gets the board of this position now, and says how it wishes it. Only the pacer calls it; a wish that comes meanwhile is served next time.</summary>
    public BoardWish Serve(long position)
    {
        servedPosition = position;
        return served = Wish;
    }

    /// <summary>Whether this listener has not been told this presence; from now on it has. Only the pacer asks.</summary>
    public bool TakesPresence(int edition)
    {
        if (presence == edition) return false;
        presence = edition;
        return true;
    }

    /// <summary>Whether it shows the graph and has not got this one; from now on it has. Only the pacer asks.</summary>
    public bool TakesGraph(int edition)
    {
        if (graph == edition || !Wish.Graph) return false;
        graph = edition;
        return true;
    }

    /// <summary>Posts an outcome unless this one or a later one was posted: at a hello, news that are on their way overlap with what was kept.</summary>
    public void PostOutcome(long number, ReadOnlyMemory<byte> frame)
    {
        lock (Outbox)
        {
            if (number <= lastOutcome) return;
            lastOutcome = number;
            Outbox.Post(frame);
        }
    }
}
