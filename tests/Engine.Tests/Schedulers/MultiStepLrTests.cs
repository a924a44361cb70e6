using System.Text.Json;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Schedulers;

/// <summary>Steps of rate and momentum, against the stored schedules of MMEngine.</summary>
public sealed class MultiStepLrTests
{
    public static TheoryData<string> Steps => [.. Cases("steps").Select(one => one.GetProperty("id").GetString()!)];

    public static TheoryData<string> Resumes => [.. Cases("resume").Select(one => one.GetProperty("id").GetString()!)];

    [Fact]
    public void The_file_has_cases_of_each_kind()
    {
        Cases("steps").Should().NotBeEmpty();
        Cases("resume").Should().NotBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Steps))]
    [Trait("Category", "Golden")]
    public void Values_are_those_of_the_original_after_every_step(string id)
    {
        JsonElement golden = Case(id);
        using Parts parts = new(golden);
        ParamScheduler scheduler = parts.Scheduler();
        foreach (JsonElement row in golden.GetProperty("values").EnumerateArray())
        {
            parts.ShouldBe(row);
            scheduler.Step();
        }
    }

    [Theory]
    [MemberData(nameof(Resumes))]
    [Trait("Category", "Golden")]
    public void Resumed_from_its_own_state_or_from_that_of_the_original_it_goes_on_as_the_original(string id)
    {
        JsonElement golden = Case(id);
        int at = golden.GetProperty("at").GetInt32();
        JsonElement[] rows = [.. golden.GetProperty("values").EnumerateArray()];
        using Parts first = new(golden);
        ParamScheduler before = first.Scheduler();
        for (int i = 0; i < at; i++)
        {
            first.ShouldBe(rows[i]);
            before.Step();
        }

        PthDict own = before.SaveState();
        PthDict original = (PthDict)ToPth(golden.GetProperty("state"));
        Text(own).Should().Be(Text(original));
        foreach (PthDict state in new[] { own, original })
        {
            using Parts second = new(golden);
            ParamScheduler after = second.Scheduler();
            after.LoadState(state);
            second.TakeOver(first);
            foreach (JsonElement row in rows[(at + 1)..])
            {
                second.ShouldBe(row);
                after.Step();
            }
        }
    }

    [Fact]
    public void It_multiplies_the_current_value_so_that_two_schedules_compose()
    {
        using Linear model = nn.Linear(1, 1);
        using SGD optimizer = optim.SGD(model.parameters(), 1);
        IReadOnlyList<OptimizerGroup> groups = OptimizerGroup.Of(optimizer);
        ParamScheduler first = new MultiStepLrOptions { Milestones = [1], Gamma = 0.5 }.Build(groups);
        ParamScheduler second = new MultiStepLrOptions { Milestones = [1], Gamma = 0.25 }.Build(groups);

        first.Step();
        second.Step();

        groups[0].Lr.Should().Be(0.125);
    }

    [Fact]
    public void Any_option_can_be_scheduled()
    {
        using Linear model = nn.Linear(1, 1);
        using FusedAdamW optimizer = new(model.parameters(), new() { WeightDecay = 0.5 });
        IReadOnlyList<OptimizerGroup> groups = OptimizerGroup.Of(optimizer);
        ParamScheduler scheduler = new MultiStepParamSchedulerOptions(OptimizerOption.WeightDecay) { Milestones = [1], Gamma = 0.5 }.Build(groups);

        scheduler.Step();

        OptimizerOption.WeightDecay.In(groups[0]).Current.Should().Be(0.25);
        OptimizerOption.WeightDecay.In(groups[0]).Initial.Should().Be(0.5);
        groups[0].InitialLr.Should().BeNull("the rate is not scheduled");
    }

    [Fact]
    public void An_optimizer_without_momentum_cannot_have_it_scheduled()
    {
        using Linear model = nn.Linear(1, 1);
        using FusedAdagrad optimizer = new(model.parameters());
        Action act = () => new MultiStepMomentumOptions { Milestones = [1] }.Build(OptimizerGroup.Of(optimizer));

        act.Should().Throw<ArgumentException>().WithMessage("FusedAdagrad has no option 'momentum'. It has lr, *");
    }

    [Fact]
    public void Milestones_that_decrease_are_refused_with_the_list_to_write()
    {
        using Linear model = nn.Linear(1, 1);
        using SGD optimizer = optim.SGD(model.parameters(), 1);

        Action act = () => new MultiStepLrOptions { Milestones = [3, 2] }.Build(OptimizerGroup.Of(optimizer));

        act.Should().Throw<ArgumentException>().WithMessage("Milestones is [3, 2]; 2 comes after 3, but the steps must not decrease. Write [2, 3].*");
    }

    [Fact]
    public void A_milestone_below_0_is_refused_and_0_multiplies_at_once()
    {
        using Linear model = nn.Linear(1, 1);
        using SGD optimizer = optim.SGD(model.parameters(), 1);
        IReadOnlyList<OptimizerGroup> groups = OptimizerGroup.Of(optimizer);
        Action act = () => new MultiStepLrOptions { Milestones = [-1, 2] }.Build(groups);

        act.Should().Throw<ArgumentException>().WithMessage("Milestones is [-1, 2]; -1 is below 0 and never comes. Write steps from 0 on, counted from Begin.*");
        new MultiStepLrOptions { Milestones = [0] }.Build(groups);

        groups[0].Lr.Should().Be(0.1);
        groups[0].InitialLr.Should().Be(1);
    }

    [Fact]
    public void The_state_of_another_schedule_is_refused_and_changes_nothing()
    {
        using Linear model = nn.Linear(1, 1);
        using SGD optimizer = optim.SGD(model.parameters(), 1);
        ParamScheduler scheduler = new MultiStepLrOptions { Milestones = [1], Begin = 1, End = 9 }.Build(OptimizerGroup.Of(optimizer));
        PthDict Changed(string name, PthValue value)
        {
            PthDict state = scheduler.SaveState();
            state["begin"] = 3;
            state[name] = value;
            return state;
        }

        Action option = () => scheduler.LoadState(Changed("param_name", "momentum"));
        Action groups = () => scheduler.LoadState(Changed("base_values", new PthSequence(PthSequenceKind.List, 1.0, 2.0)));
        Action last = () => scheduler.LoadState(Changed("_last_value", PthSequence.List()));
        Action settings = () => scheduler.LoadState(Changed("milestones", 4));

        option.Should().Throw<PthException>().WithMessage("The state is that of a schedule of 'momentum', but this one changes 'lr'.*");
        groups.Should().Throw<PthException>().WithMessage("The state of the schedule of 'lr' has 2 initial values, but there are 1 groups.*");
        last.Should().Throw<PthException>().WithMessage("The state of the schedule of 'lr' has 0 last values, but there are 1 groups.*");
        settings.Should().Throw<PthException>().WithMessage("The value is no state of this kind of schedule: 'milestones' is missing or of another kind.*");
        scheduler.Begin.Should().Be(1);
        scheduler.LoadState(Changed("end", 7));
        (scheduler.Begin, scheduler.End).Should().Be((3, 7));
    }

    private static IEnumerable<JsonElement> Cases(string kind) => GoldenFile.Read("engine_param_schedulers.json").GetProperty("cases").EnumerateArray().Where(one =>
        one.GetProperty("kind").GetString() == kind && one.GetProperty("scheduler").GetProperty("type").GetString() is "MultiStepLR" or "MultiStepMomentum");

    private static JsonElement Case(string id) => GoldenFile.Read("engine_param_schedulers.json").GetProperty("cases").EnumerateArray()
        .Single(one => one.GetProperty("id").GetString() == id);

    // The file has a Counter as pairs.
    private static PthValue ToPth(JsonElement value, string name = "") => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Aggregate(new PthDict(), (dict, entry) =>
        {
            dict[entry.Name] = ToPth(entry.Value, entry.Name);
            return dict;
        }),
        JsonValueKind.Array when name == "milestones" => value.EnumerateArray().Aggregate(new PthDict(PthDictKind.Counter), (dict, entry) =>
        {
            dict.Set(entry[0].GetInt64(), entry[1].GetInt64());
            return dict;
        }),
        JsonValueKind.Array => new PthSequence(PthSequenceKind.List, value.EnumerateArray().Select(item => ToPth(item))),
        JsonValueKind.Number => value.TryGetInt64(out long whole) && !value.GetRawText().Contains('.', StringComparison.Ordinal) ? (PthValue)whole : value.GetDouble(),
        JsonValueKind.True or JsonValueKind.False => value.GetBoolean(),
        _ => value.GetString()!,
    };

    // The order of the keys too; numbers to the last bits that a product may differ in.
    private static string Text(PthValue value) => value switch
    {
        PthDict dict => $"{{{string.Join(", ", dict.Select(entry => $"{Text(entry.Key)}: {Text(entry.Value)}"))}}}",
        PthSequence list => $"[{string.Join(", ", list.Items.Select(Text))}]",
        PthFloat number => number.Value.ToString("G12", System.Globalization.CultureInfo.InvariantCulture),
        PthInteger number => number.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
        PthBool flag => flag.Value.ToString(),
        PthText text => text.Value,
        _ => "?",
    };

    /// <summary>The optimizer of a golden case, its groups, and the schedule's options.</summary>
    private sealed class Parts : IDisposable
    {
        private readonly JsonElement golden;
        private readonly Linear model = nn.Linear(2, 2);
        private readonly OptimWrapper wrapper;
        private readonly IReadOnlyList<OptimizerGroup> groups;

        public Parts(JsonElement golden)
        {
            this.golden = golden;
            JsonElement config = golden.GetProperty("optimizer");
            double[] rates = GoldenTensor.Numbers(config.GetProperty("lr"));
            wrapper = new OptimWrapper(new OptimWrapperOptions { Optimizer = Choice(config, rates) }, model);
            groups = golden.GetProperty("wrapped").GetBoolean() ? wrapper.ParamGroups : OptimizerGroup.Of(wrapper.Optimizer);
        }

        private OptimizerOption Option => golden.GetProperty("scheduler").GetProperty("type").GetString() == "MultiStepLR" ? OptimizerOption.Lr : OptimizerOption.Momentum;

        public ParamScheduler Scheduler()
        {
            JsonElement config = golden.GetProperty("scheduler");
            ParamSchedulerOptions options = new MultiStepParamSchedulerOptions(Option)
            {
                Milestones = [.. config.GetProperty("milestones").EnumerateArray().Select(step => step.GetInt32())],
                Gamma = config.TryGetProperty("gamma", out JsonElement gamma) ? gamma.GetDouble() : 0.1,
                Begin = config.TryGetProperty("begin", out JsonElement begin) ? begin.GetInt32() : 0,
                End = config.TryGetProperty("end", out JsonElement end) ? end.GetInt32() : null,
            };
            return (config.TryGetProperty("convert_to_iter_based", out _) ? options.ToIterBased(golden.GetProperty("epoch_length").GetInt32()) : options).Build(groups);
        }

        public void ShouldBe(JsonElement row)
        {
            double[] golden = GoldenTensor.Numbers(row);
            double[] actual = [.. groups.Select(group => Option.In(group).Current)];
            actual.Should().HaveSameCount(golden);
            actual.Zip(golden).Should().OnlyContain(pair => GoldenTolerance.IsSameDouble(pair.Second, pair.First));
        }

        public void TakeOver(Parts other)
        {
            using DisposeScope scope = NewDisposeScope();
            wrapper.LoadState(other.wrapper.SaveState());
        }

        public void Dispose()
        {
            wrapper.Dispose();
            model.Dispose();
        }

        // The defaults of the golden optimizer are PyTorch's, with a rate of 1.
        private FusedOptimizer Choice(JsonElement config, double[] rates)
        {
            Parameter[] parameters = [.. model.parameters()];
            if (config.TryGetProperty("betas", out JsonElement betas))
            {
                return new FusedAdam(
                    rates.Select((rate, i) => new ParameterGroup<FusedAdamOptions>(
                        [parameters[i]], new() { Lr = rate, Beta1 = betas[i][0].GetDouble(), Beta2 = betas[i][1].GetDouble() })),
                    defaults: new() { Lr = 1 });
            }

            double[] momenta = GoldenTensor.Numbers(config.GetProperty("momentum"));
            return new FusedSgd(
                rates.Select((rate, i) => new ParameterGroup<FusedSgdOptions>([parameters[i]], new() { Lr = rate, Momentum = momenta[i] })),
                defaults: new() { Lr = 1 });
        }
    }
}
