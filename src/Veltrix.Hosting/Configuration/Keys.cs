using System.Reflection;

namespace Veltrix.Hosting;

/// <summary>
/// Every setting there is. To add one: a field here, and <c>./check Config</c>, which writes nothing by hand: the reference, the schema and the tests that change every key under a live
/// hunt take it from this list.
/// </summary>
public static class Keys
{
    /// <summary>The policies by name; <c>Veltrix.Governor</c> implements them, and a test compares.</summary>
    public static readonly string[] PolicyNames = ["forecast", "headroom", "linear", "scaled", "aimd", "stabilizing-aimd", "static"];

    // Who may play.
    public static readonly Key<long> MaxConcurrentHunters = Whole("max_concurrent_hunters", 50_000, 1, 10_000_000, "hunters",
        "The ceiling: the most hunters a hunt lets in at once, however idle the machines are. The governor moves the limit between the floor and this.");
    public static readonly Key<double> LimitFloorRatio = Real("limit_floor_ratio", 0.05, 0, 1, "ratio",
        "The floor as a share of the ceiling: the governor never sets the limit lower, so that a broken signal cannot shut a hunt.");
    public static readonly Key<long?> PinLimit = new(null, new WholeNumberOrNone(0, 10_000_000))
    {
        Name = "pin_limit", Reach = Reach.Hunt, Unit = "hunters", Sentence = "Holds the limit at this number whatever the governor says; none lets the governor decide. Set it with a reason and an end.",
    };
    public static readonly Key<long> RoomWeight = Whole("room_weight", 1, 1, 1_000, "parts",
        "How much of a store's room this hunt gets where several hunts share it: room is divided by weight.");

    // How the governor decides.
    public static readonly Key<string> Policy = new("forecast", new OneOf(PolicyNames))
    {
        Name = "governor.policy", Reach = Reach.Hunt, Unit = "name", Sentence = "The rule that turns measured load into a limit.",
    };
    public static readonly Key<string> Shadows = new("headroom", new SomeOf(PolicyNames))
    {
        Name = "governor.shadows", Reach = Reach.Hunt, Unit = "name", Sentence = "Policies that are computed and exported beside the one that is applied, so that they can be compared before they are trusted.",
    };
    public static readonly Key<TimeSpan> Tick = Time("governor.tick", "5s", "1s", "10s", Reach.Process, "How often the governor measures and decides.");
    public static readonly Key<TimeSpan> SignalAgeMax = Time("governor.signal_age_max", "15s", "2s", "5m", Reach.Process,
        "Older measurements count as missing: the limit may then fall and never rise.");
    public static readonly Key<double> RedisMemorySoft = Real("governor.redis_memory.soft", 0.80, 0.1, 0.98, "ratio", "The share of Redis' memory that a hunt is steered to stay under.");
    public static readonly Key<double> RedisMemoryCritical = Real("governor.redis_memory.critical", 0.90, 0.1, 1, "ratio", "At this share of Redis' memory nobody is let in until it is lower.");
    public static readonly Key<double> LogLagSoft = Real("governor.log_lag.soft", 1_000, 1, 1e7, "records", "Commands waiting to be decided that are still well.");
    public static readonly Key<double> LogLagCritical = Real("governor.log_lag.critical", 5_000, 1, 1e8, "records", "At so many commands waiting nobody is let in until there are fewer.");
    public static readonly Key<double> LogLagSecondsSoft = Real("governor.log_lag_seconds.soft", 2, 0.1, 600, "seconds", "How far the scorer may be behind, in time, and still be well.");
    public static readonly Key<double> LogLagSecondsCritical = Real("governor.log_lag_seconds.critical", 10, 0.1, 3_600, "seconds", "At this delay nobody is let in until it is shorter.");
    public static readonly Key<double> OutcomeSecondsSoft = Real("governor.outcome_seconds.soft", 0.5, 0.005, 60, "seconds", "The 99th percentile from submission to outcome that is still well.");
    public static readonly Key<double> OutcomeSecondsCritical = Real("governor.outcome_seconds.critical", 3, 0.01, 600, "seconds", "At this 99th percentile nobody is let in until it is lower.");
    public static readonly Key<double> ScorerQueueSoft = Real("governor.scorer_queue.soft", 4_000, 1, 1e7, "records", "Commands read by the scorer and not yet written to the ledger that are still well.");
    public static readonly Key<double> ScorerQueueCritical = Real("governor.scorer_queue.critical", 20_000, 1, 1e8, "records", "At so many nobody is let in until there are fewer.");
    public static readonly Key<double> CpuSoft = Real("governor.cpu.soft", 0.85, 0.1, 1, "ratio", "The share of a server's processors above which that server takes no more hunters.", Reach.Process);
    public static readonly Key<long> HuntersPerServer = Whole("governor.hunters_per_server", 0, 0, 1_000_000, "hunters", "The most hunters of a hunt that one server takes, and what the plan of servers reckons with; 0: what processors and sockets bear.");

    // The parameters of the policies; docs/operate/governor.md explains the laws.
    public static readonly Key<double> ForecastNoiseMargin = Real("forecast.noise_margin", 2.4, 1.5, 4, "deviations", "forecast: how many deviations of the measured noise the forecast stays under the soft threshold.");
    public static readonly Key<double> ForecastDoubtMargin = Real("forecast.doubt_margin", 1.5, 0.5, 3, "deviations", "forecast: how many deviations of its own doubt it adds to what it foresees.");
    public static readonly Key<double> ForecastGate = Real("forecast.gate", 12, 4, 30, "log odds", "forecast: how unlikely a delay of the measurements must be before it is no longer reckoned with.");
    public static readonly Key<double> ForecastLagMargin = Real("forecast.lag_margin", 1.1, 0, 3, "deviations", "forecast: how many deviations of doubt about the scorer's capacity it allows for when it sets the pace of joins.");
    public static readonly Key<TimeSpan> ForecastLagHorizon = Time("forecast.lag_horizon", "15s", "5s", "60s", Reach.Hunt, "forecast: how far ahead the log's lag must stay within its target.");
    public static readonly Key<double> ForecastLagTarget = Real("forecast.lag_target", 500, 100, 800, "records", "forecast: the lag that joins may build up within the horizon.");
    public static readonly Key<TimeSpan> ForecastHold = Time("forecast.hold", "60s", "15s", "300s", Reach.Hunt, "forecast: how long the limit does not rise after memory jumped in a way that nothing explains.");
    public static readonly Key<TimeSpan> HeadroomHorizon = Time("headroom.horizon", "15s", "0s", "60s", Reach.Hunt, "headroom: how far ahead the trend of a signal is drawn.");
    public static readonly Key<double> HeadroomSetPoint = Real("headroom.set_point", 0.97, 0.7, 0.999, "ratio", "headroom: the share of a threshold that is aimed at.");
    public static readonly Key<double> HeadroomCut = Real("headroom.cut", 0.85, 0.5, 0.99, "ratio", "headroom: what is left of the limit after one cut.");
    public static readonly Key<double> FirstWindow = Real("first_window_ratio", 0.30, 0.02, 0.45, "ratio", "forecast, headroom: the share of the ceiling that a hunt opens with before anything was measured.");
    public static readonly Key<double> Growth = Real("growth_ratio", 0.5, 0.05, 1, "ratio", "forecast, headroom: how much the limit may grow in one tick, as a share of those who play.");
    public static readonly Key<double> Probe = Real("probe_ratio", 0.02, 0.001, 0.1, "ratio", "forecast, headroom: what may be added to that, as a share of the ceiling.");
    public static readonly Key<double> LinearStep = Real("linear.step", 0.10, 0.01, 0.5, "ratio", "linear: the share of the ceiling that one cut takes.");
    public static readonly Key<TimeSpan> LinearEvery = Time("linear.every", "30s", "5s", "10m", Reach.Hunt, "linear: the time between two cuts, and between two steps back.");
    public static readonly Key<double> StaticLimit = Real("static.limit_ratio", 1, 0.01, 1, "ratio", "static: the limit, as a share of the ceiling.");

    // Brownout: cheaper service before fewer hunters.
    public static readonly Key<bool> Brownout = Flag("brownout", true, "Whether boards, presence, graphs and the grace of lost connections get cheaper under load. Answers never do.");
    public static readonly Key<TimeSpan> BoardCadence = Time("board_cadence", "1s", "250ms", "10s", Reach.Hunt, "The time between two boards of a hunter, in good times.");
    public static readonly Key<TimeSpan> BoardCadenceMax = Time("board_cadence_max", "3s", "1s", "30s", Reach.Hunt, "The same in a full brownout.");

    // Seats and the waiting room.
    public static readonly Key<TimeSpan> SeatGrace = Time("seat.grace", "45s", "10s", "5m", Reach.Hunt, "How long a seat is kept for a hunter whose connection was lost. A brownout shortens it, never under 10 s.", Acts.OnNewSessions);
    public static readonly Key<TimeSpan> SeatLease = Time("seat.server_lease", "10s", "3s", "60s", Reach.Process, "How long a server's seats are its own without a sign of life; then each gets its grace.");
    public static readonly Key<TimeSpan> WaitingFrames = Time("waiting.frames", "10s", "1s", "60s", Reach.Hunt, "The time between two frames to those who wait.");
    public static readonly Key<TimeSpan> WaitingPatience = Time("waiting.patience", "90s", "20s", "30m", Reach.Hunt, "How long a place is kept for somebody who neither is connected nor asks.");
    public static readonly Key<bool> WaitingLottery = Flag("waiting.lottery", true, "Whether those who come before the hunt opens are drawn by lot at the opening. Off: first come, first served.", Acts.OnNewSessions);
    public static readonly Key<double> PriorityShare = Real("waiting.priority_share", 0.02, 0, 0.1, "ratio", "The share of seats that holders of a priority pass may take before others.");
    public static readonly Key<string> LateCredit = new("absolute", new OneOf("absolute", "personal"))
    {
        Name = "waiting.clock", Reach = Reach.Hunt, Unit = "name", Acts = Acts.OnNewSessions,
        Sentence = "Whose clock times are taken by: absolute is the same for all; personal gives a team credit for the time its first member waited.",
    };
    public static readonly Key<TimeSpan> LateCreditMax = Time("waiting.credit_max", "10m", "0s", "2h", Reach.Hunt, "The most credit that waiting earns; the hunt closes for all this long after its closing time where clocks are personal.", Acts.OnNewSessions);
    public static readonly Key<long> JoinPace = Whole("join.pace", 120, 1, 1_000_000, "joins per minute", "How many joins a minute one address range (a /24, or a /48 of IPv6) may make while the gate is guarded.");
    public static readonly Key<string> JoinGuard = new("auto", new OneOf("auto", "on", "off"))
    {
        Name = "join.guard", Reach = Reach.Hunt, Unit = "name",
        Sentence = "Whether joins are paced by address range and cost a proof of work: auto switches it on while seats are scarce, and while lots are still to be drawn.",
    };
    public static readonly Key<double> JoinScarce = Real("join.scarce_ratio", 0.8, 0, 1, "ratio",
        "The share of the limit that those who play and wait have to reach before seats count as scarce and join.guard: auto guards the gate.");
    public static readonly Key<Networks> JoinUnguarded = new(SomeNetworks.Of("127.0.0.0/8, ::1/128"), new SomeNetworks())
    {
        Name = "join.unguarded", Reach = Reach.Hunt, Unit = "networks",
        Sentence = "From where joins are neither paced nor cost a proof of work: this machine itself, a school, a venue. Never what came through a proxy that is not trusted.",
    };
    public static readonly Key<Networks> TrustedProxies = new(SomeNetworks.Of(""), new SomeNetworks())
    {
        Name = "trusted_proxies", Reach = Reach.Process, Unit = "networks",
        Sentence = "Proxies and load balancers whose X-Forwarded-For is believed. Without them everybody behind a proxy has the proxy's address.",
    };
    public static readonly Key<long> JoinProofBits = Whole("join.proof_bits", 16, 0, 26, "bits", "How hard the proof of work is: each bit doubles it; 16 is about a twentieth of a second on a phone.");

    // Stores and machines.
    public static readonly Key<long> RedisBudget = Whole("redis.memory_budget", 0, 0, 1L << 44, "bytes", "The memory that counts as full where the store has no maxmemory of its own; 0: what the store says.", Reach.Process);
    public static readonly Key<string> RedisPasswordFile = File("redis.password_file", "The file that holds the password for the store that --redis names, and nothing else. A user stands in the address: redis://user@host:port.");
    public static readonly Key<string> RedisCaFile = File("redis.ca_file", "The PEM file of the authority that signed the store's certificate, where the address begins with rediss://; none: those that the machine trusts.");
    public static readonly Key<long> MaxConnectionsPerServer = Whole("max_connections_per_server", 0, 0, 1_000_000, "connections", "The most sockets one server serves; 0: nine tenths of the open files it may have.", Reach.Process);
    public static readonly Key<string> PublicUrl = Words("server.public_url",
        new FreeText(@"https?://[A-Za-z0-9.:{}\[\]-]{1,80}(/[A-Za-z0-9._~/-]{0,72})?", "none, or http:// or https:// and a host that clients reach, with {host} for the machine's name and {port} for the port it listens on", "http://{host}.example.org:{port}"),
        "address", "Where clients reach this very server, and not just any: those of a server that goes away are told to come here. {host} is the machine's name, {port} the port it listens on; none: nobody is sent here.");
    public static readonly Key<bool> GateAudit = Flag("gate.audit", false, "Whether the gate's script writes down every grant with the count and the limit it saw, for checks that nobody was let in beyond the limit.");
    public static readonly Key<string> ControlDatabase = new("sqlite", new ConnectionText())
    {
        Name = "control.database", Reach = Reach.Process, Unit = "database",
        Sentence = "Where signing keys and access keys are kept: sqlite is a file in the data folder, for one server; servers that are to know each other's tokens share a PostgreSQL.",
    };
    public static readonly Key<string> ControlPasswordFile = File("control.password_file",
        "The file that holds the password for control.database. It is read for every new connection, so a password can change while servers run.", Acts.AtOnce);

    // The logs on Kafka; docs/operate/kafka.md explains them. Without bootstrap servers the logs are in the data folder.
    public static readonly Key<string> KafkaServers = Words("kafka.bootstrap_servers", new FreeText(@"[^\s:,]+:\d{1,5}(, ?[^\s:,]+:\d{1,5})*", "none, or host:port of brokers, separated by commas", "kafka-1.example:9092"), "address",
        "Where the cluster is that keeps the logs; none: they are kept in the data folder, and no other server shares them.");
    public static readonly Key<string> KafkaTopicPrefix = Words("kafka.topic_prefix", new FreeText("[a-z]([a-z0-9._-]{0,46}[a-z0-9])?", "up to 48 small letters, digits, '.', '_' and '-'", "spring-games", MayBeNone: false), "name",
        "What the names of topics begin with: the ledger of a hunt is the topic PREFIX.HUNT.ledger. Installations that share a cluster need different ones.", "veltrix");
    public static readonly Key<long> KafkaReplication = Whole("kafka.replication_factor", 0, 0, 15, "copies",
        "How many brokers keep a copy of a topic that is made; 0: three, or as many as there are if fewer.", Reach.Process, Acts.AtStart);
    public static readonly Key<TimeSpan> KafkaAppendPatience = Time("kafka.append_patience", "30s", "1s", "10m", Reach.Process,
        "How long a command or a decision waits for the cluster before whoever sent it is told that it may not have been taken.", Acts.AtStart);
    public static readonly Key<string> KafkaSecurity = new("plaintext", new OneOf("plaintext", "ssl", "sasl_plaintext", "sasl_ssl"))
    {
        Name = "kafka.security_protocol", Reach = Reach.Process, Acts = Acts.AtStart, Unit = "name", Sentence = "How connections to brokers are protected: ssl encrypts them, sasl sends a name and a password.",
    };
    public static readonly Key<string> KafkaMechanism = new("PLAIN", new OneOf("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"))
    {
        Name = "kafka.sasl_mechanism", Reach = Reach.Process, Acts = Acts.AtStart, Unit = "name", Sentence = "How the password is proved to the broker.",
    };
    public static readonly Key<string> KafkaUser = Words("kafka.sasl_username", new FreeText(@"[^\s\p{C}]{1,200}", "none, or a name without spaces", "veltrix"), "name", "The user that the server is to the brokers.");
    public static readonly Key<string> KafkaPasswordFile = File("kafka.sasl_password_file", "The file that holds that user's password and nothing else.");
    public static readonly Key<string> KafkaCaFile = File("kafka.ca_file", "The PEM file of the authority that signed the brokers' certificates; none: those that the machine trusts.");
    public static readonly Key<string> KafkaCertificateFile = File("kafka.certificate_file", "The PEM file of the server's own certificate, where brokers ask for one.");
    public static readonly Key<string> KafkaKeyFile = File("kafka.key_file", "The PEM file of that certificate's private key.");
    public static readonly Key<string> KafkaMoreOptions = Words("kafka.more_options", new FreeText(@"[a-z.]+=[^,]*(, ?[a-z.]+=[^,]*)*", "none, or name=value, separated by commas", "socket.timeout.ms=20000"), "options",
        "Further options of the client library librdkafka. Those that order and durability rest on are refused.");

    /// <summary>All of them, in the order above.</summary>
    public static IReadOnlyList<Key> All { get; } =
        [.. typeof(Keys).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetValue(null)).OfType<Key>()];

    public static Key? Find(string name) => All.FirstOrDefault(key => key.Name == name);

    static Key<long> Whole(string name, long standard, long least, long most, string unit, string sentence, Reach reach = Reach.Hunt, Acts acts = Acts.AtOnce) =>
        new(standard, new WholeNumber(least, most)) { Name = name, Reach = reach, Unit = unit, Sentence = sentence, Acts = acts };

    static Key<double> Real(string name, double standard, double least, double most, string unit, string sentence, Reach reach = Reach.Hunt) =>
        new(standard, new Number(least, most)) { Name = name, Reach = reach, Unit = unit, Sentence = sentence };

    static Key<TimeSpan> Time(string name, string standard, string least, string most, Reach reach, string sentence, Acts acts = Acts.AtOnce) =>
        new(Of(standard), new Span(Of(least), Of(most))) { Name = name, Reach = reach, Unit = "time", Sentence = sentence, Acts = acts };

    static Key<string> Words(string name, FreeText form, string unit, string sentence, string standard = "") =>
        new(standard, form) { Name = name, Reach = Reach.Process, Unit = unit, Sentence = sentence, Acts = Acts.AtStart };

    static Key<string> File(string name, string sentence, Acts acts = Acts.AtStart) => new("", new FilePath()) { Name = name, Reach = Reach.Process, Unit = "file", Sentence = sentence, Acts = acts };

    static Key<bool> Flag(string name, bool standard, string sentence, Acts acts = Acts.AtOnce) =>
        new(standard, new Switch()) { Name = name, Reach = Reach.Hunt, Unit = "switch", Sentence = sentence, Acts = acts };

    static TimeSpan Of(string text) => Duration.TryParse(text, out var span) ? span : throw new ArgumentException($"{text} is no length of time", nameof(text));
}
