using Grpc.Core;
using Veltrix.Hosting;
using Veltrix.Wire.Governor;

namespace Veltrix.Governor.Sidecar;

/// <summary>The governor's gRPC service: form, token and exit codes; what it does is in <see cref="GovernorSidecar"/>.</summary>
sealed class GovernorRpc(GovernorSidecar sidecar, ControlToken token, TimeProvider clock, StopSignal stop) : GovernorService.GovernorServiceBase
{
    /// <summary>A server hears something at least this often; the contract says every 2 s.</summary>
    static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);

    public override async Task<ReportResponse> Report(IAsyncStreamReader<ReportRequest> reports, ServerCallContext context)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stop.Token);
        var server = "";
        try
        {
            while (await reports.MoveNext(ends.Token))
            {
                if (reports.Current.Server.Length is 0 or > 200) throw Refuse(StatusCode.InvalidArgument, "A report names its server, with at most 200 characters.");
                server = reports.Current.Server;
                sidecar.Take(reports.Current);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            // The server or this process ends; a report that did not come is an old sample at the next tick.
        }
        finally
        {
            sidecar.Gone(server);
        }

        return new ReportResponse();
    }

    public override async Task Watch(WatchRequest request, IServerStreamWriter<WatchResponse> answers, ServerCallContext context)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, stop.Token);
        try
        {
            while (!ends.IsCancellationRequested)
            {
                var changed = sidecar.Changed;
                await answers.WriteAsync(sidecar.Guidance(request.Server), ends.Token);
                await changed.WaitAsync(WatchEvery, clock, ends.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or InvalidOperationException)
        {
            // Whoever watched has gone.
        }
    }

    /// <summary>Anyone on this listener may hear a vote. What was applied is believed only of somebody who holds the token.</summary>
    public override Task<VoteResponse> Vote(VoteRequest request, ServerCallContext context)
    {
        var isOrchestrator = token.Admits(context.RequestHeaders.GetValue("authorization"));
        if (isOrchestrator) sidecar.Apply(request.Term, request.Applied);
        return Task.FromResult(sidecar.Vote(isOrchestrator));
    }

    public override Task<ApplyResponse> Apply(ApplyRequest request, ServerCallContext context)
    {
        NeedToken(context);
        if (!sidecar.Apply(request.Term, request.Applied)) throw Refuse(StatusCode.FailedPrecondition, $"An orchestrator newer than term {request.Term} has spoken already; this one leads no longer.");
        return Task.FromResult(new ApplyResponse());
    }

    public override Task<ExplainResponse> Explain(ExplainRequest request, ServerCallContext context)
    {
        var response = new ExplainResponse();
        foreach (var entry in Of(request.Hunt).Log.Last(request.Last <= 0 ? 100 : Math.Min(request.Last, 10_000), request.ChangesOnly)) response.Decisions.Add(Wire(entry));
        return Task.FromResult(response);
    }

    public override Task<SetPolicyResponse> SetPolicy(SetPolicyRequest request, ServerCallContext context)
    {
        NeedToken(context);
        NeedReason(request.Who, request.Why);
        foreach (var policy in request.Shadows.Prepend(request.Policy))
            if (!Keys.PolicyNames.Contains(policy)) throw Refuse(StatusCode.InvalidArgument, $"There is no policy '{policy}'; there are {string.Join(", ", Keys.PolicyNames)}.");
        Of(request.Hunt);
        sidecar.SetPolicy(request.Hunt, request.Policy, request.Shadows, request.Who, request.Why);
        return Task.FromResult(new SetPolicyResponse());
    }

    public override Task<OverrideResponse> Override(OverrideRequest request, ServerCallContext context)
    {
        NeedToken(context);
        NeedReason(request.Who, request.Why);
        var until = request.UntilMs > 0 ? DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(request.UntilMs, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())) : (DateTimeOffset?)null;
        if (until <= clock.GetUtcNow()) throw Refuse(StatusCode.InvalidArgument, "The pin would have run out already: until is in the past.");
        if (request.HasPinLimit && request.PinLimit is < 0 or > 10_000_000) throw Refuse(StatusCode.InvalidArgument, $"pin_limit is {request.PinLimit}; 0 to 10,000,000 is allowed.");
        Of(request.Hunt);
        sidecar.Override(request.Hunt, request.HasPinLimit ? new Pin(request.PinLimit, request.Who, request.Why, until) : null, request.Who, request.Why);
        return Task.FromResult(new OverrideResponse());
    }

    HuntGovernor Of(string hunt)
    {
        try
        {
            return sidecar.Of(hunt);
        }
        catch (KeyNotFoundException error)
        {
            throw Refuse(StatusCode.NotFound, error.Message);
        }
    }

    void NeedToken(ServerCallContext context)
    {
        if (context.RequestHeaders.GetValue("authorization") is not { } given)
            throw Refuse(StatusCode.Unauthenticated, "This call needs the control token in the header 'authorization: Bearer …'; the governor keeps it in its token file.");
        if (!token.Admits(given)) throw Refuse(StatusCode.Unauthenticated, "This is not this governor's control token; every process of a deployment must be given the same token file.");
    }

    static void NeedReason(string who, string why)
    {
        if (string.IsNullOrWhiteSpace(who) || string.IsNullOrWhiteSpace(why)) throw Refuse(StatusCode.InvalidArgument, "Who does this and why must be said; both are written down.");
    }

    static RpcException Refuse(StatusCode code, string sentence) => new(new Status(code, sentence));

    static DecisionRecord Wire(DecisionEntry entry) => new()
    {
        AtMs = entry.AtMs,
        Hunt = entry.Hunt,
        Policy = entry.Policy,
        Shadow = entry.Shadow,
        FromLimit = entry.From,
        ToLimit = entry.To,
        JoinsPerSecond = Orchestration.Vote.PaceOnWire(entry.JoinsPerSecond),
        Pause = entry.Pause,
        Mode = entry.Mode,
        Cause = entry.Cause,
        Text = entry.Text,
        Seated = entry.Seated,
        Waiting = entry.Waiting,
    };
}

/// <summary>Ends the streams when the process ends: they would hold it up until the shutdown's patience is over.</summary>
sealed record StopSignal(CancellationToken Token);
