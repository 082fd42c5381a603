namespace Veltrix.Gate.Tests;

/// <summary>The simplest gate that could be right: one thread, plain collections, everything looked up anew. Null stands for Rebuilding.</summary>
sealed class GateOracle(TimeSpan claim, TimeSpan patience, TimeSpan grace, TimeSpan lease)
{
    const long Lent = 10_000;
    const long ReturnWithin = 15_000;

    sealed class Seat
    {
        public string Server = "";
        public long? Until;
        public bool ByPass;
    }

    sealed record Place(string Hunter, double Order, bool Pass);

    readonly Dictionary<string, Seat> _seats = [];
    readonly Dictionary<string, Place> _places = [];
    readonly Dictionary<string, long> _seen = [];
    readonly Dictionary<string, long> _leases = [];
    GateLimits? _limits;
    double? _tokens;
    long _filled;
    long? _reopened;

    public long Now { get; set; }

    public bool IsOpen { get; private set; }

    public long Joins { get; private set; }

    public long Leaves { get; private set; }

    public List<GrantRecord> Grants { get; } = [];

    public IEnumerable<string> Seated => _seats.Keys.Order(StringComparer.Ordinal);

    public IEnumerable<string> Servers => _leases.Where(lease => lease.Value > Now).Select(lease => lease.Key).Order(StringComparer.Ordinal);

    public IEnumerable<string> Waiting => Line(pass: true).Concat(Line(pass: false)).Select(place => place.Hunter);

    long Limit => _limits?.Limit ?? 0;

    public SeatAnswer? Ask(string hunter, double order, bool pass, bool open, bool comes, bool hadSeat)
    {
        if (!IsOpen) return null;
        if (hadSeat && Now < _reopened + ReturnWithin) order = HuntGate.Returns;
        if (_seats.TryGetValue(hunter, out var seat))
        {
            if (comes && seat.Until is { } until) seat.Until = Math.Max(until, Now + Ms(claim));
            return Answer(SeatState.Seated, 0, isNew: false);
        }
        if (open && _places.Count == 0 && Grant(hunter, order)) return Answer(SeatState.Seated, 0, isNew: true);
        if (!_places.TryGetValue(hunter, out var place) || place.Pass != pass) _places[hunter] = place = new Place(hunter, order, pass);
        if (order == HuntGate.Returns) _places[hunter] = place = place with { Order = order };
        var ahead = Line(pass).ToList().IndexOf(place);
        if (open && ahead == 0 && !Line(!pass).Any() && Grant(hunter, place.Order)) return Answer(SeatState.Seated, 0, isNew: true);
        _seen[hunter] = Now;
        return Answer(SeatState.Waiting, Waiting.ToList().IndexOf(hunter) + 1, isNew: false);
    }

    public bool? Attach(string hunter, string server)
    {
        if (!_seats.TryGetValue(hunter, out var seat)) return IsOpen ? false : null;
        (seat.Server, seat.Until) = (server, Lives(server) ? null : Now + Lent);
        return true;
    }

    public bool? Detach(string[] hunters, string server)
    {
        foreach (var hunter in hunters)
            if (_seats.TryGetValue(hunter, out var seat) && seat.Server == server) (seat.Server, seat.Until) = ("", Now + Ms(grace));
        return true;
    }

    public bool? Leave(string hunter)
    {
        Free(hunter);
        Drop(hunter);
        return true;
    }

    public bool? Seen(string hunter)
    {
        if (!IsOpen) return null;
        if (_places.ContainsKey(hunter)) _seen[hunter] = Now;
        return true;
    }

    /// <summary>Whether the server is asked for its seats.</summary>
    public bool Renew(string server, (string Hunter, long Left)[]? holds)
    {
        if (holds is not null && _leases.ContainsKey(server))
            foreach (var seat in _seats.Values.Where(seat => seat.Server == server)) (seat.Server, seat.Until) = ("", Now + Lent);
        foreach (var (hunter, left) in holds ?? [])
        {
            if (!_seats.TryGetValue(hunter, out var seat))
            {
                if (left > 0)
                {
                    if (IsOpen) continue;
                    _seats[hunter] = new Seat { Until = Now + left };
                    Drop(hunter);
                    continue;
                }

                _seats[hunter] = new Seat { Server = server };
                Drop(hunter);
            }
            else if (left == 0 && (seat.Server == "" || seat.Server == server || !Lives(seat.Server))) (seat.Server, seat.Until) = (server, null);
        }
        var known = holds is not null || Lives(server);
        if (known) _leases[server] = Now + Ms(lease);
        return !known;
    }

    public List<string>? Admit(double share)
    {
        if (!IsOpen) return null;
        foreach (var hunter in _seats.Where(seat => seat.Value.Until <= Now).Select(seat => seat.Key).ToList()) Free(hunter);
        foreach (var hunter in _seen.Where(seen => seen.Value <= Now - Ms(patience)).Select(seen => seen.Key).ToList()) Drop(hunter);
        foreach (var server in _leases.Keys.Where(server => !Lives(server)).ToList())
        {
            foreach (var seat in _seats.Values.Where(seat => seat.Server == server)) (seat.Server, seat.Until) = ("", Now + Ms(grace));
            _leases.Remove(server);
        }

        var admitted = new List<string>();
        while (true)
        {
            var pass = Line(pass: true).FirstOrDefault(MayCome);
            var other = Line(pass: false).FirstOrDefault(MayCome);
            var first = pass is not null && _seats.Values.Count(seat => seat.ByPass) < share * Limit;
            var next = first ? pass : pass is null ? other : other is null || pass.Order <= other.Order ? pass : other;
            if (next is null || !Grant(next.Hunter, next.Order)) return admitted;
            _seats[next.Hunter].ByPass = first && other is not null;
            admitted.Add(next.Hunter);
        }
    }

    public void Publish(GateLimits limits) => _limits = limits;

    public void Reopen()
    {
        if (!IsOpen && _seats.Count > 0) _reopened = Now;
        IsOpen = true;
    }

    /// <summary>All keys are lost.</summary>
    public void Flush()
    {
        _seats.Clear();
        _places.Clear();
        _seen.Clear();
        _leases.Clear();
        Grants.Clear();
        (_limits, _tokens, _reopened, IsOpen, Joins, Leaves) = (null, null, null, false, 0, 0);
    }

    bool MayCome(Place place) => place.Order == HuntGate.Returns || !(Now < _reopened + ReturnWithin);

    bool Grant(string hunter, double order)
    {
        if (_limits is null || _seats.Count >= Limit) return false;
        var pace = _limits.JoinsPerSecond;
        var returns = order == HuntGate.Returns;
        if (!returns && (!MayCome(new Place(hunter, order, false)) || _limits.Pause)) return false;
        if (!returns && pace > 0)
        {
            var burst = Math.Max(1, pace);
            var tokens = Math.Min(burst, _tokens is { } left ? left + (Now - _filled) * pace / 1000 : burst);
            if (tokens < 1) return false;
            // As many digits as the store keeps.
            (_tokens, _filled) = (Math.Round(tokens - 1, 6), Now);
        }
        Grants.Add(new GrantRecord(hunter, _seats.Count, Limit, Now));
        _seats[hunter] = new Seat { Until = Now + Ms(claim) };
        Drop(hunter);
        Joins++;
        return true;
    }

    void Free(string hunter)
    {
        if (_seats.Remove(hunter)) Leaves++;
    }

    void Drop(string hunter)
    {
        _places.Remove(hunter);
        _seen.Remove(hunter);
    }

    bool Lives(string server) => _leases.TryGetValue(server, out var until) && until > Now;

    IEnumerable<Place> Line(bool pass) => _places.Values.Where(place => place.Pass == pass).OrderBy(place => place.Order).ThenBy(place => place.Hunter, StringComparer.Ordinal);

    SeatAnswer Answer(SeatState state, long place, bool isNew) => new(state, place, isNew, _seats.Count, Limit, _places.Count);

    static long Ms(TimeSpan time) => (long)time.TotalMilliseconds;
}
