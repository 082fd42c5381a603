using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace Veltrix.Crowd;

/// <summary>
/// Lets a crowd join over HTTP: few requests at a time, again where the server says later, with the work that it asks for, in its waiting room as long as it takes; and in a
/// hunt of teams in full teams: the first of each founds it, the others wait for the invite.
/// </summary>
/// <param name="count">Called with the code of every refusal and fault.</param>
/// <param name="servers">Where those who wait connect to; null: they ask over HTTP.</param>
sealed class Joining(HuntHttp http, string hunt, int teamSize, int hunters, Func<int, string> nickname, Action<string> count, IReadOnlyList<LiveAddress>? servers = null)
{
    static readonly TimeSpan RetryMin = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(3);
    static readonly TimeSpan PollUsual = TimeSpan.FromSeconds(5);

    readonly TaskCompletionSource<string?>[] invites = Enumerable.Range(0, teamSize > 1 ? (hunters + teamSize - 1) / teamSize : 0)
        .Select(_ => new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();

    int waited;

    /// <summary>How many did not get a seat at once.</summary>
    public int Waited => Volatile.Read(ref waited);

    /// <summary>Null: refused for good, or cancelled.</summary>
    public async Task<HuntHttp.Joined?> Join(int hunter, CancellationToken cancel)
    {
        int team = teamSize > 1 ? hunter / teamSize : 0;
        bool founds = teamSize > 1 && hunter % teamSize == 0;
        HuntHttp.Joined? joined = null;
        try
        {
            string? invite = teamSize > 1 && !founds ? await invites[team].Task.WaitAsync(cancel) : null;
            if (teamSize > 1 && !founds && invite is null)
                return null;
            joined = await JoinRepeatedly(nickname(hunter), founds ? $"Crew {team + 1}" : null, invite, cancel);
        }
        catch (OperationCanceledException)
        {
            count("JoinTimedOut");
        }
        catch (HttpRefusedException refusal)
        {
            count($"Join{refusal.Code}");
        }
        finally
        {
            if (founds)
                invites[team].TrySetResult(joined?.Team?.Invite);
        }

        return joined;
    }

    async Task<HuntHttp.Joined> JoinRepeatedly(string name, string? found, string? invite, CancellationToken cancel)
    {
        string? ticket = null;
        (string, string)? proof = null;
        for (var wait = RetryMin; ; wait = wait * 2 < RetryMax ? wait * 2 : RetryMax)
        {
            TimeSpan? told = null;
            try
            {
                var answer = await http.Join(hunt, name, found, invite, ticket, proof, cancel);
                if (answer.Joined is { } joined)
                    return joined;
                if (ticket is null)
                    Interlocked.Increment(ref waited);
                ticket = answer.Ticket ?? ticket ?? throw new WireException("a join was answered with neither a token nor a ticket");
                await Wait(ticket, answer, cancel);
                continue;
            }
            catch (HttpRefusedException refusal) when (refusal.Work is { } work)
            {
                proof = (work.Challenge, await Task.Run(() => Work(work.Challenge, work.Bits, cancel), cancel));
                continue;
            }
            catch (HttpRefusedException refusal) when (refusal.MayRetry)
            {
                count($"Join{refusal.Code}");
                told = refusal.RetryAfter;
            }
            catch (HttpRequestException e)
            {
                count($"Join{e.HttpRequestError}");
            }
            catch (IOException)
            {
                count("JoinInterrupted"); // it may have been done; then there is one hunter more in the hunt who never comes
            }

            await Task.Delay(told ?? wait * (0.5 + Random.Shared.NextDouble() / 2), cancel);
        }
    }

    /// <summary>Waits until it is worth joining again: on a socket where the server gives one, else by asking.</summary>
    async Task Wait(string ticket, HuntHttp.JoinAnswer answer, CancellationToken cancel)
    {
        if (answer.Socket == true && servers is not null && await WaitOnSocket(servers[Random.Shared.Next(servers.Count)], ticket, cancel))
            return;
        for (var pause = TimeSpan.FromSeconds(answer.PollS ?? PollUsual.TotalSeconds); ;)
        {
            await Task.Delay(pause * (0.75 + Random.Shared.NextDouble() / 2), cancel);
            var place = await http.PlaceOf(hunt, ticket, cancel);
            if (place.State == "admitted")
                return;
            pause = TimeSpan.FromSeconds(place.PollS ?? PollUsual.TotalSeconds);
        }
    }

    /// <summary>False: there is no socket for one who waits.</summary>
    static async Task<bool> WaitOnSocket(LiveAddress address, string ticket, CancellationToken cancel)
    {
        bool admitted = false;
        try
        {
            using var live = await LiveConnection.Open(address, null, cancel);
            await using var leave = cancel.Register(live.Dispose);
            using (var frame = new ClientFrame())
                live.Send(frame.HelloWaiting(1, ticket));
            await live.Receive(json =>
            {
                if (ServerFrame.Peek(json).Kind != FrameKind.Admitted)
                    return;
                admitted = true;
                live.Leave();
            });
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            // Then it asks.
        }

        cancel.ThrowIfCancellationRequested();
        return admitted;
    }

    /// <summary>A nonce for which SHA-256(challenge + "." + nonce) begins with so many zero bits.</summary>
    internal static string Work(string challenge, int bits, CancellationToken cancel)
    {
        for (long tried = 0; ; tried++)
        {
            if ((tried & 0xFFF) == 0)
                cancel.ThrowIfCancellationRequested();
            string nonce = tried.ToString("x");
            var digest = SHA256.HashData(Encoding.UTF8.GetBytes($"{challenge}.{nonce}"));
            if (BitOperations.LeadingZeroCount(BinaryPrimitives.ReadUInt32BigEndian(digest)) >= bits)
                return nonce;
        }
    }
}
