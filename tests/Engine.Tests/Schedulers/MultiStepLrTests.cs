using System.Text.Json;
using Compat.Engine.Optim;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Schedulers;

public sealed class MultiStepLrTests
{
    // Converting epochs to iterations and momentum are features still to come.
    public static TheoryData<string> Ids => [.. Cases().Select(one => one.GetProperty("id").GetString()!)];

    [Fact]
    public void The_file_has_cases() => Cases().Should().HaveCount(4);

    [Theory]
    [MemberData(nameof(Ids))]
    [Trait("Category", "Golden")]
    public void Learning_rates_are_those_of_the_original_after_every_step(string id)
    {
        JsonElement golden = Cases().Single(one => one.GetProperty("id").GetString() == id);
        double[] rates = GoldenTensor.Numbers(golden.GetProperty("optimizer").GetProperty("lr"));
        using Linear model = nn.Linear(2, 2);
        using SGD optimizer = Sgd(model, rates);
        using OptimWrapper wrapper = new(new OptimWrapperOptions { Optimizer = optimizer }, model);
        IReadOnlyList<OptimizerGroup> groups = golden.GetProperty("wrapped").GetBoolean() ? wrapper.ParamGroups : OptimizerGroup.Of(optimizer);
        if (groups.Count > rates.Length)
        {
            groups[^1].Lr = 1;                                        // the golden optimizer's own default
        }

        ParamScheduler scheduler = Options(golden.GetProperty("scheduler")).Build(groups);
        foreach (double[] row in golden.GetProperty("values").EnumerateArray().Select(GoldenTensor.Numbers))
        {
            double[] actual = [.. groups.Select(group => group.Lr)];
            actual.Should().HaveSameCount(row);
            actual.Zip(row).Should().OnlyContain(pair => GoldenTolerance.IsSameDouble(pair.Second, pair.First));
            scheduler.Step();
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
    public void The_initial_rate_is_remembered_once()
    {
        using Linear model = nn.Linear(1, 1);
        using SGD optimizer = optim.SGD(model.parameters(), 1);
        IReadOnlyList<OptimizerGroup> groups = OptimizerGroup.Of(optimizer);

        new MultiStepLrOptions { Milestones = [0] }.Build(groups);
        new MultiStepLrOptions { Milestones = [0] }.Build(groups);

        groups[0].InitialLr.Should().Be(1);
        groups[0].Lr.Should().BeApproximately(0.01, 1e-15);
    }

    [Fact]
    public void Only_active_steps_are_counted()
    {
        using Linear model = nn.Linear(1, 1);
        using SGD optimizer = optim.SGD(model.parameters(), 1);
        ParamScheduler scheduler = new MultiStepLrOptions { Milestones = [9], Begin = 2, End = 4, ByEpoch = false }
            .Build(OptimizerGroup.Of(optimizer));
        List<int> steps = [scheduler.LastStep];
        for (int i = 0; i < 5; i++)
        {
            scheduler.Step();
            steps.Add(scheduler.LastStep);
        }

        steps.Should().Equal(-1, -1, 0, 1, 1, 1);
        scheduler.ByEpoch.Should().BeFalse();
        scheduler.Parameter.Should().Be(ScheduledParameter.Lr);
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(5, 3)]
    public void An_end_that_is_not_behind_the_beginning_is_refused(int begin, int end)
    {
        using Linear model = nn.Linear(1, 1);
        using SGD optimizer = optim.SGD(model.parameters(), 1);

        Action act = () => new MultiStepLrOptions { Milestones = [1], Begin = begin, End = end }.Build(OptimizerGroup.Of(optimizer));

        act.Should().Throw<ArgumentException>().WithParameterName("options").WithMessage(
            $"The scheduler's End is {end} and its Begin {begin}; End must be larger. Leave End out for a scheduler without end.*");
    }

    [Fact]
    public void Milestones_that_decrease_are_refused_with_the_list_to_write()
    {
        using Linear model = nn.Linear(1, 1);
        using SGD optimizer = optim.SGD(model.parameters(), 1);

        Action act = () => new MultiStepLrOptions { Milestones = [3, 2] }.Build(OptimizerGroup.Of(optimizer));

        act.Should().Throw<ArgumentException>().WithMessage("Milestones is [3, 2]; 2 comes after 3, but the steps must not decrease. Write [2, 3].*");
    }

    private static IEnumerable<JsonElement> Cases() => GoldenFile.Read("engine_param_schedulers.json").GetProperty("cases").EnumerateArray().Where(one =>
        one.GetProperty("kind").GetString() == "steps"
        && one.GetProperty("scheduler").GetProperty("type").GetString() == "MultiStepLR"
        && !one.GetProperty("scheduler").TryGetProperty("convert_to_iter_based", out _));

    private static MultiStepLrOptions Options(JsonElement config) => new()
    {
        Milestones = [.. config.GetProperty("milestones").EnumerateArray().Select(step => step.GetInt32())],
        Gamma = config.TryGetProperty("gamma", out JsonElement gamma) ? gamma.GetDouble() : 0.1,
        Begin = config.TryGetProperty("begin", out JsonElement begin) ? begin.GetInt32() : 0,
        End = config.TryGetProperty("end", out JsonElement end) ? end.GetInt32() : int.MaxValue,
    };

    private static SGD Sgd(Linear model, double[] rates)
    {
        Parameter[] parameters = [.. model.parameters()];
        return optim.SGD(rates.Select((rate, i) => new SGD.ParamGroup([parameters[i]], new SGD.Options { LearningRate = rate })), 1);
    }
}
