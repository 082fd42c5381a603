namespace Veltrix.Governor.Orchestration;

/// <summary>One server in a division of a limit.</summary>
/// <param name="Seated">Hunters it carries now: its share is never less.</param>
/// <param name="Room">How many more it would take; all alike where none is known.</param>
public readonly record struct ServerPart(long Seated, double Room);

/// <summary>
/// A hunt's limit over its servers, for the plan of servers and to show what each must expect; the gate alone decides who gets in. Each has what it carries, and what is left goes by room,
/// largest remainder first, so that the shares add up to max(limit, Σ seated) to the last hunter.
/// </summary>
public static class ServerShares
{
    public static IReadOnlyList<long> Of(long limit, IReadOnlyList<ServerPart> servers)
    {
        if (servers.Count == 0) return [];
        var shares = servers.Select(server => Math.Max(0, server.Seated)).ToArray();
        var rest = limit - shares.Sum();
        if (rest <= 0) return shares;

        var room = servers.Select(server => server.Room is > 0 and < double.PositiveInfinity ? server.Room : 0).ToArray();
        var all = room.Sum();
        if (!(all > 0 && all < double.PositiveInfinity)) (room, all) = ([.. servers.Select(_ => 1.0)], servers.Count);
        var quotas = room.Select(one => rest * (one / all)).ToArray();
        var given = 0L;
        for (var i = 0; i < shares.Length; i++)
        {
            // Rounding of very large numbers must not give out more than there is.
            var whole = Math.Min((long)Math.Floor(quotas[i]), rest - given);
            shares[i] += whole;
            given += whole;
        }

        foreach (var i in Enumerable.Range(0, shares.Length).OrderByDescending(i => quotas[i] - Math.Floor(quotas[i])).ThenBy(i => i).Take((int)Math.Min(rest - given, shares.Length)))
        {
            shares[i]++;
            given++;
        }

        // Left only where the quotas were beyond what a double counts exactly.
        shares[0] += rest - given;
        return shares;
    }
}
