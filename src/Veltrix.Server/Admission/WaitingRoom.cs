using Veltrix.Server.Live;

namespace Veltrix.Server.Admission;

/// <summary>Those who wait with a connection to this server, by hunter: two tabs are one place. Thread-safe.</summary>
sealed class WaitingRoom
{
    readonly Lock guard = new();
    readonly Dictionary<string, List<Visit>> visits = new(StringComparer.Ordinal);
    int sockets;

    /// <summary>Hunters.</summary>
    public int Count
    {
        get
        {
            lock (guard) return visits.Count;
        }
    }

    /// <summary>Connections.</summary>
    public int Sockets => Volatile.Read(ref sockets);

    public void Add(Visit visit)
    {
        lock (guard)
        {
            if (!visits.TryGetValue(visit.Hunter, out var tabs)) visits.Add(visit.Hunter, tabs = new(1));
            tabs.Add(visit);
            sockets++;
        }
    }

    /// <returns>False: it was not here any more.</returns>
    public bool Remove(Visit visit)
    {
        lock (guard)
        {
            if (!visits.TryGetValue(visit.Hunter, out var tabs) || !tabs.Remove(visit)) return false;
            if (tabs.Count == 0) visits.Remove(visit.Hunter);
            sockets--;
            return true;
        }
    }

    /// <summary>Takes out all connections of a hunter.</summary>
    public IReadOnlyList<Visit> Take(string hunter)
    {
        lock (guard)
        {
            if (!visits.Remove(hunter, out var tabs)) return [];
            sockets -= tabs.Count;
            return tabs;
        }
    }

    /// <summary>One connection of each hunter.</summary>
    public IReadOnlyList<Visit> Hunters()
    {
        lock (guard) return [.. visits.Values.Select(tabs => tabs[0])];
    }

    /// <summary>All connections.</summary>
    public IReadOnlyList<Visit> All()
    {
        lock (guard) return [.. visits.Values.SelectMany(tabs => tabs)];
    }

    /// <summary>Tells one of them to ask over HTTP from now on, so that somebody who plays gets its socket.</summary>
    public bool SendOneToPoll()
    {
        Visit? gone;
        lock (guard) gone = visits.Values.FirstOrDefault()?[^1];
        if (gone is null || !Remove(gone)) return false;
        gone.Outbox.Close(CloseCodes.PollInstead);
        return true;
    }
}
