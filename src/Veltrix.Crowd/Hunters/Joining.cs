namespace Veltrix.Crowd;

/// <summary>
/// Lets a crowd join over HTTP: few requests at a time, again where the server says later, and in a hunt of teams in full teams: the first of each founds it, the
/// others wait for the invite.
/// </summary>
/// <param name="count">Called with the code of every refusal and fault.</param>
sealed class Joining(HuntHttp http, string hunt, int teamSize, int hunters, Func<int, string> nickname, Action<string> count)
{
    static readonly TimeSpan RetryMin = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan RetryMax = TimeSpan.FromSeconds(3);

    readonly TaskCompletionSource<string?>[] invites = Enumerable.Range(0, teamSize > 1 ? (hunters + teamSize - 1) / teamSize : 0)
        .Select(_ => new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously)).ToArray();

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
        for (var wait = RetryMin; ; wait = wait * 2 < RetryMax ? wait * 2 : RetryMax)
        {
            TimeSpan? told = null;
            try
            {
                return await http.Join(hunt, name, found, invite, cancel);
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
}
