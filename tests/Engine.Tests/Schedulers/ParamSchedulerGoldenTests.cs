using System.Text.Json;
using Compat.Engine.Hooks;
using Compat.Engine.Hooks.Arguments;
using Compat.Engine.Loops;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.TestSupport.Toy;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using Compat.Torch.Training;

namespace Compat.Engine.Tests.Schedulers;

/// <summary>The stored schedules of MMEngine: stepped alone, converted, resumed, refused, and run in chains by the runner; but for kinds to come.</summary>
[Trait("Category", "Golden")]
public sealed class ParamSchedulerGoldenTests
{
    private static readonly JsonElement[] Cases = [.. GoldenFile.Read("engine_param_schedulers.json").GetProperty("cases").EnumerateArray()];

    public static TheoryData<string> Steps => Ids(IsStepped);

    public static TheoryData<string> Resumes => Ids(one => Kind(one) == "resume" && !IsRefused(one));

    public static TheoryData<string> Runs => Ids(IsRun);

    public static TheoryData<string> Refusals => Ids(IsRefused);

    private static IEnumerable<JsonElement> Present => Cases.Where(one => !Configs(one).Any(GoldenSchedule.IsStillToCome));

    [Fact]
    public void Each_case_is_run_but_those_of_kinds_to_come_and_there_are_some_of_each_sort()
    {
        (Steps.Count + Resumes.Count + Runs.Count + Refusals.Count).Should().Be(Present.Count());
        new[] { Steps.Count, Resumes.Count, Runs.Count, Refusals.Count }.Should().NotContain(0);
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public void Values_are_those_of_the_original_after_every_step(string id)
    {
        JsonElement golden = Case(id);
        if (RuledOut(golden) is { } reason)
        {
            reason.Should().StartWith("ruled out by type");
            return;
        }

        using GoldenOptimizer optimizer = new(golden);
        ParamScheduler scheduler = Build(golden, optimizer);
        foreach (JsonElement row in golden.GetProperty("values").EnumerateArray())
        {
            ShouldBe(golden, optimizer.Groups, row);
            scheduler.Step();
        }
    }

    [Theory]
    [MemberData(nameof(Resumes))]
    public void Resumed_from_its_own_state_or_from_that_of_the_original_it_goes_on_as_the_original(string id)
    {
        JsonElement golden = Case(id);
        int at = golden.GetProperty("at").GetInt32();
        JsonElement[] rows = [.. golden.GetProperty("values").EnumerateArray()];
        using GoldenOptimizer first = new(golden);
        ParamScheduler before = Build(golden, first);
        for (int i = 0; i < at; i++)
        {
            ShouldBe(golden, first.Groups, rows[i]);
            before.Step();
        }

        PthDict own = before.SaveState();
        PthDict original = GoldenSchedulerState.Read(golden.GetProperty("state"));
        GoldenSchedulerState.Difference(original, own).Should().BeNull();
        foreach (PthDict state in new[] { own, original })
        {
            using GoldenOptimizer second = new(golden);
            ParamScheduler after = Build(golden, second);
            after.LoadState(state);
            second.TakeOver(first);
            foreach (JsonElement row in rows[(at + 1)..])
            {
                ShouldBe(golden, second.Groups, row);
                after.Step();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_fails_in_the_original_is_refused_before_a_value_changes(string id)
    {
        JsonElement golden = Case(id);
        if (RuledOut(golden) is { } reason)
        {
            reason.Should().StartWith("ruled out by type");
            return;
        }

        using GoldenOptimizer optimizer = new(golden);
        Action act = Kind(golden) == "runner" ? () => Train(golden, Configs(golden)) : () => Build(golden, optimizer);

        Exception refusal = act.Should().Throw<Exception>().Which;
        (refusal is ArgumentException or InvalidOperationException).Should().BeTrue($"a {refusal.GetType().Name} is no refusal");
        GoldenTensor.Numbers(golden.GetProperty("optimizer").GetProperty("lr")).Should().Equal(
            optimizer.Groups.Take(golden.GetProperty("optimizer").GetProperty("lr").GetArrayLength()).Select(group => group.Lr));
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public void A_runner_trains_each_iteration_with_the_rates_and_momenta_of_the_original(string id)
    {
        JsonElement golden = Case(id);
        if (RuledOut(golden) is { } reason)
        {
            reason.Should().StartWith("ruled out by type");
            return;
        }

        ValuesHook values = Train(golden, Configs(golden));

        IsSame(golden, "lr", values.Rates).Should().BeTrue();
        IsSame(golden, "momentum", values.Momenta).Should().BeTrue();
    }

    [Fact]
    public void Without_its_last_schedule_a_chain_gives_other_values()
    {
        JsonElement[] chains = [.. Present.Where(one => IsRun(one) && RuledOut(one) is null && Configs(one).Length > 1)];

        chains.Any(chain => !IsSame(chain, "lr", Train(chain, Configs(chain)[..^1]).Rates)).Should().BeTrue();
    }

    [Fact]
    public void Begun_a_step_later_a_schedule_of_each_type_gives_other_values()
    {
        JsonElement[] stepped = [.. Present.Where(IsStepped)];
        string[] noticed = [.. stepped.Where(one => RuledOut(one) is null && IsDifferentLater(one)).Select(Type).Distinct()];

        noticed.Should().BeEquivalentTo(stepped.Select(Type).Distinct());
    }

    private static TheoryData<string> Ids(Func<JsonElement, bool> which) =>
        [.. Present.Where(which).Select(one => one.GetProperty("id").GetString()!)];

    private static JsonElement Case(string id) => Cases.Single(one => one.GetProperty("id").GetString() == id);

    private static string Kind(JsonElement golden) => golden.GetProperty("kind").GetString()!;

    private static string Type(JsonElement golden) => golden.GetProperty("scheduler").GetProperty("type").GetString()!;

    private static bool IsRun(JsonElement golden) => Kind(golden) == "runner" && !IsRefused(golden);

    private static bool IsStepped(JsonElement golden) => Kind(golden) == "steps" && !IsRefused(golden);

    private static JsonElement[] Configs(JsonElement golden) =>
        golden.GetProperty("scheduler") is { ValueKind: JsonValueKind.Array } chain ? [.. chain.EnumerateArray()] : [golden.GetProperty("scheduler")];

    private static string? RuledOut(JsonElement golden) => Configs(golden).Select(GoldenSchedule.RuledOut).FirstOrDefault(reason => reason is not null);

    private static bool IsRefused(JsonElement golden) =>
        golden.TryGetProperty("error", out _) || Configs(golden).Any(GoldenSchedule.IsRefusedBeforehand);

    private static ValuesHook Train(JsonElement golden, JsonElement[] configs)
    {
        JsonElement train = golden.GetProperty("train_cfg");
        EngineToyModel model = new(sums: false);
        using FusedOptimizer optimizer = GoldenOptimizer.Make(golden.GetProperty("optimizer"), model);
        ValuesHook hook = new();
        using TemporaryFolder folder = new();
        using Runner runner = new(new RunnerOptions
        {
            Model = model,
            WorkDir = folder.Path,
            Logger = new ListLogger(),
            TrainDataloader = ToyDataset.Loader(2 * golden.GetProperty("loader_len").GetInt32()),
            TrainCfg = train.GetProperty("by_epoch").GetBoolean()
                ? new EpochBasedTrainLoopOptions { MaxEpochs = train.GetProperty("max_epochs").GetInt32() }
                : new IterBasedTrainLoopOptions { MaxIters = train.GetProperty("max_iters").GetInt32() },
            OptimWrapper = new OptimWrapperOptions { Optimizer = optimizer },
            ParamSchedulers = [.. configs.Select(GoldenSchedule.Read)],
            CustomHooks = [hook],
            NonFiniteLoss = NonFiniteLoss.Ignore,                     // the schedules are looked at, not what they do to the toy
        });

        runner.Train();
        return hook;
    }

    private static bool IsDifferentLater(JsonElement golden)
    {
        using GoldenOptimizer optimizer = new(golden);
        ParamSchedulerOptions options = GoldenSchedule.Read(golden.GetProperty("scheduler"));
        ParamScheduler scheduler = (options with { Begin = options.Begin + 1, End = options.End + 1, ConvertToIterBased = false }).Build(optimizer.Groups);
        foreach (JsonElement row in golden.GetProperty("values").EnumerateArray())
        {
            double[] values = [.. optimizer.Groups.Select(group => scheduler.Option.In(group).Current)];
            if (!IsSame(golden, row, values))
            {
                return true;
            }

            scheduler.Step();
        }

        return false;
    }

    private static ParamScheduler Build(JsonElement golden, GoldenOptimizer optimizer)
    {
        ParamSchedulerOptions options = GoldenSchedule.Read(golden.GetProperty("scheduler"));
        return (options.ConvertToIterBased ? options.ToIterBased(golden.GetProperty("epoch_length").GetInt32()) : options).Build(optimizer.Groups);
    }

    private static void ShouldBe(JsonElement golden, IReadOnlyList<OptimizerGroup> groups, JsonElement row)
    {
        OptimizerOption option = GoldenSchedule.Option(golden.GetProperty("scheduler"));
        ShouldBe(golden, row, [.. groups.Select(group => option.In(group).Current)]);
    }

    private static void ShouldBe(JsonElement golden, JsonElement row, double[] actual) =>
        IsSame(golden, row, actual).Should().BeTrue($"the values are [{string.Join(", ", actual)}], expected {row}");

    private static bool IsSame(JsonElement golden, string name, List<double[]> actual)
    {
        JsonElement[] rows = [.. golden.GetProperty(name).EnumerateArray()];
        return actual.Count == rows.Length && rows.Zip(actual).All(pair => IsSame(golden, pair.First, pair.Second));
    }

    private static bool IsSame(JsonElement golden, JsonElement row, double[] actual)
    {
        double[] expected = GoldenTensor.Numbers(row);
        bool exact = Configs(golden).All(GoldenSchedule.IsExact);
        return actual.Length == expected.Length
            && expected.Zip(actual).All(pair => exact ? pair.First.Equals(pair.Second) : GoldenTolerance.IsSameDouble(pair.First, pair.Second));
    }

    /// <summary>Writes down what each iteration trains with, and what is left at the end.</summary>
    private sealed class ValuesHook : Hook
    {
        public List<double[]> Rates { get; } = [];

        public List<double[]> Momenta { get; } = [];

        public override void BeforeTrainIter(Runner runner, BeforeIterArguments arguments) => Add(runner);

        public override void AfterTrain(Runner runner) => Add(runner);

        private void Add(Runner runner)
        {
            Rates.Add([.. runner.OptimWrapper.ParamGroups.Select(group => group.Lr)]);
            Momenta.Add([.. runner.OptimWrapper.ParamGroups.Select(group => group.Momentum ?? 0)]);
        }
    }
}
