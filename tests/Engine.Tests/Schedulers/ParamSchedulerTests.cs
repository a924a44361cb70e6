using Compat.Engine.Evaluation;
using Compat.Engine.Schedulers;
using Compat.Engine.Tests.Support;
using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Schedulers;

public sealed class ParamSchedulerTests : IDisposable
{
    private readonly Linear model = nn.Linear(1, 1);
    private readonly SGD optimizer;

    public ParamSchedulerTests() => optimizer = optim.SGD(model.parameters(), 1);

    private IReadOnlyList<OptimizerGroup> Groups => OptimizerGroup.Of(optimizer);

    public void Dispose()
    {
        optimizer.Dispose();
        model.Dispose();
    }

    [Fact]
    public void Only_active_steps_are_counted()
    {
        ParamScheduler scheduler = new MultiStepLrOptions { Milestones = [9], Begin = 2, End = 4, Unit = ScheduleUnit.Iteration }.Build(Groups);
        List<int> steps = [scheduler.LastStep];
        for (int i = 0; i < 5; i++)
        {
            scheduler.Step();
            steps.Add(scheduler.LastStep);
        }

        steps.Should().Equal(-1, -1, 0, 1, 1, 1);
        (scheduler.GlobalStep, scheduler.Begin, scheduler.End, scheduler.Unit, scheduler.Option).Should().Be((5, 2, 4, ScheduleUnit.Iteration, OptimizerOption.Lr));
        scheduler.Wrapper.Should().BeNull();
    }

    [Fact]
    public void Without_an_end_it_never_ends() =>
        new MultiStepLrOptions { Milestones = [1] }.Build(Groups).End.Should().Be(ParamScheduler.Unlimited);

    [Fact]
    public void The_first_step_is_made_after_the_constructor_with_the_values_as_they_are_then()
    {
        ReachingOptions options = new();

        ParamScheduler scheduler = options.Build(Groups);
        scheduler.Step();

        Groups[0].InitialLr.Should().Be(1);
        options.Seen.Should().Equal((1, 1, 0), (2, 1, 0));
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(5, 3)]
    public void An_end_that_is_not_behind_the_beginning_is_refused(int begin, int end)
    {
        Action act = () => new MultiStepLrOptions { Milestones = [1], Begin = begin, End = end }.Build(Groups);

        act.Should().Throw<ArgumentException>().WithMessage(
            $"The schedule of 'lr' has End {end} and Begin {begin}; End must be larger. Where End is left out, it is the number of epochs or iterations that the runner trains.");
    }

    [Fact]
    public void Epochs_become_iterations_without_changing_the_options()
    {
        MultiStepLrOptions options = new() { Milestones = [1, 3], Begin = 2, End = 5, Gamma = 0.5 };

        MultiStepLrOptions byIter = (MultiStepLrOptions)options.ToIterBased(7);

        byIter.Milestones.Should().Equal(7, 21);
        (byIter.Begin, byIter.End, byIter.Unit, byIter.Gamma).Should().Be((14, 35, ScheduleUnit.Iteration, 0.5));
        options.Milestones.Should().Equal(1, 3);
        (options with { End = null }).ToIterBased(7).End.Should().BeNull();
        (options with { End = ParamScheduler.Unlimited }).ToIterBased(7).End.Should().Be(ParamScheduler.Unlimited, "no end stays no end");
    }

    [Fact]
    public void Only_epochs_can_become_iterations_and_an_epoch_has_a_length()
    {
        MultiStepLrOptions options = new() { Milestones = [1] };
        Action byIter = () => (options with { Unit = ScheduleUnit.Iteration }).ToIterBased(7);
        Action empty = () => options.ToIterBased(0);
        Action alone = () => (options with { ConvertToIterBased = true }).Build(Groups);

        byIter.Should().Throw<InvalidOperationException>().WithMessage(
            "The schedule of 'lr' has Unit Iteration; only one that counts epochs can be converted to iterations. Leave Unit, or the conversion, out.");
        empty.Should().Throw<ArgumentOutOfRangeException>().WithMessage("The length of an epoch is 0; it must be at least 1. Give the number of batches of the training data.*");
        alone.Should().Throw<InvalidOperationException>().WithMessage("ConvertToIterBased is set for the schedule of 'lr', but only a runner knows how long an epoch is.*");
    }

    [Fact]
    public void A_rule_that_looks_at_a_metric_can_be_added_from_outside()
    {
        ParamScheduler scheduler = new PlateauOptions("loss").Build(Groups);
        List<double> rates = [];
        foreach (double loss in new[] { 3.0, 2.0, 2.5, 1.0, 1.0 })
        {
            scheduler.Step();
            scheduler.Step(new Dictionary<string, MetricValue> { ["loss"] = loss });
            rates.Add(Groups[0].Lr);
        }

        rates.Should().Equal(1, 1, 0.5, 0.5, 0.25);
        (scheduler.GlobalStep, scheduler.LastStep).Should().Be((5, 4));
    }

    [Fact]
    public void The_last_values_in_its_state_are_those_after_its_own_last_step()
    {
        Groups[0].Lr = 0.8;
        ParamScheduler first = new MultiStepLrOptions { Milestones = [1], Gamma = 0.5, End = 2 }.Build(Groups);
        ParamScheduler second = new MultiStepLrOptions { Milestones = [1, 2], Gamma = 0.25 }.Build(Groups);
        List<double> saved = [LastValue(first)];
        for (int i = 0; i < 3; i++)
        {
            first.Step();
            second.Step();
            saved.Add(LastValue(first));
        }

        saved.Should().Equal(0.8, 0.4, 0.1, 0.025);                   // from MMEngine: an inactive step remembers too
        LastValue(second).Should().Be(0.025);
        Groups[0].Lr = 7;
        LastValue(second).Should().Be(0.025);
        second.LoadState(first.SaveState());
        LastValue(second).Should().Be(0.025);
        PthDict other = first.SaveState();
        other["_last_value"] = PthSequence.List(0.75);
        second.LoadState(other);
        LastValue(second).Should().Be(0.75);
    }

    [Fact]
    public void A_rule_of_ones_own_says_when_its_values_are_final()
    {
        ParamScheduler scheduler = new PlateauOptions("loss").Build(Groups);
        scheduler.Step(new Dictionary<string, MetricValue> { ["loss"] = 1 });
        scheduler.Step(new Dictionary<string, MetricValue> { ["loss"] = 1 });

        LastValue(scheduler).Should().Be(0.5);
    }

    [Fact]
    public void In_a_wrapper_of_several_each_is_scheduled_or_the_one_that_is_named()
    {
        using TestModel first = new();
        using TestModel second = new();
        using PairWrapper pair = new(first, second);
        MultiStepLrOptions options = new() { Milestones = [0], Gamma = 0.5 };

        IReadOnlyList<ParamScheduler> all = options.Build(pair);
        IReadOnlyList<ParamScheduler> named = (options with { Optimizer = "second" }).Build(pair);

        all.Select(scheduler => scheduler.Optimizer).Should().Equal("first", "second");
        named.Should().ContainSingle().Which.Wrapper.Should().BeSameAs(pair.Members["second"]);
        pair.Members.Values.Select(wrapper => wrapper.ParamGroups[0].Lr).Should().Equal(0.5, 0.25);
    }

    [Fact]
    public void A_name_that_is_not_there_is_refused_with_those_that_are()
    {
        using TestModel first = new();
        using TestModel second = new();
        using PairWrapper pair = new(first, second);
        MultiStepLrOptions options = new() { Milestones = [0], Optimizer = "third" };
        Action several = () => options.Build(pair);
        Action single = () => options.Build(pair.Members["first"]);

        several.Should().Throw<ArgumentException>().WithMessage("The schedule of 'lr' is for an optimizer 'third', which is not there. Names present: first, second.");
        single.Should().Throw<ArgumentException>().WithMessage(
            "The schedule of 'lr' is for an optimizer 'third', which is not there. There is only one optimizer, without a name; leave Optimizer out.");
    }

    [Fact]
    public void A_schedule_by_update_takes_the_counts_of_one_by_iteration_and_stays_by_update()
    {
        ParamScheduler byIter = new MultiStepLrOptions { Milestones = [1], Unit = ScheduleUnit.Iteration }.Build(Groups);
        byIter.Step();
        ParamScheduler byUpdate = new MultiStepLrOptions { Milestones = [1], Unit = ScheduleUnit.Update }.Build(Groups);

        byUpdate.LoadState(byIter.SaveState());

        (byUpdate.Unit, byUpdate.GlobalStep).Should().Be((ScheduleUnit.Update, 1));
    }

    [Theory]
    [InlineData(ScheduleUnit.Epoch, ScheduleUnit.Iteration, ScheduleUnit.Epoch)]
    [InlineData(ScheduleUnit.Epoch, ScheduleUnit.Update, ScheduleUnit.Epoch)]
    [InlineData(ScheduleUnit.Iteration, ScheduleUnit.Epoch, ScheduleUnit.Iteration)]
    public void What_a_step_is_comes_from_the_state(ScheduleUnit saved, ScheduleUnit built, ScheduleUnit loaded)
    {
        ParamScheduler first = new MultiStepLrOptions { Milestones = [1], Unit = saved }.Build(Groups);
        ParamScheduler second = new MultiStepLrOptions { Milestones = [1], Unit = built }.Build(Groups);

        second.LoadState(first.SaveState());

        second.Unit.Should().Be(loaded);
    }

    [Theory]
    [InlineData(int.MinValue, true)]
    [InlineData(999_999_999, true)]
    [InlineData(int.MinValue - 1L, false)]
    [InlineData(int.MaxValue + 1L, false)]
    public void A_step_in_a_state_is_a_number_of_32_bits(long step, bool fits)
    {
        ParamScheduler scheduler = new MultiStepLrOptions { Milestones = [1] }.Build(Groups);
        PthDict state = scheduler.SaveState();
        state["begin"] = step;
        Action load = () => scheduler.LoadState(state);

        if (fits)
        {
            load.Should().NotThrow();
            scheduler.Begin.Should().Be((int)step);
        }
        else
        {
            load.Should().Throw<PthException>().WithMessage("The value is no state of this kind of schedule: 'begin' is missing or of another kind.*");
        }
    }

    [PythonFact]
    public void A_state_whose_rates_are_numbers_of_numpy_is_taken()
    {
        ParamScheduler scheduler = new MultiStepLrOptions { Milestones = [9] }.Build(Groups);
        using TemporaryFolder folder = new();
        PthFile.Write(folder.File("a.pth"), scheduler.SaveState());
        PythonFactAttribute.Run(
            """
            import sys, numpy, torch
            state = torch.load(sys.argv[1])
            torch.save(dict(state, base_values=[numpy.float64(0.25)], _last_value=[numpy.float32(0.5)]), sys.argv[1])
            """,
            folder.File("a.pth"));
        using PthFile file = PthFile.Read(folder.File("a.pth"));

        scheduler.LoadState((PthDict)file.Root);

        ((PthDict)scheduler.SaveState())["base_values"].Should().BeOfType<PthSequence>().Which.Items.Should().Equal(new PthFloat(0.25));
    }

    [Theory]
    [InlineData("begin", 5, "The state of the schedule of 'lr' has 5 under 'begin' and 4 under 'end'; 'end' must be above 'begin'.*")]
    [InlineData("last_step", -2, "The state of the schedule has -2 under 'last_step'; it must be a whole number, at least -1.*")]
    [InlineData("_global_step", -2, "The state of the schedule has -2 under '_global_step'; it must be a whole number, at least -1.*")]
    [InlineData("total_iters", -1, "The state of the schedule has -1 under 'total_iters'; it must be a whole number, at least 0.*")]
    [InlineData("power", double.NaN, "The state of the schedule has NaN under 'power'; it must be finite.*")]
    [InlineData("eta_min", double.PositiveInfinity, "The state of the schedule has Infinity under 'eta_min'; it must be finite.*")]
    [InlineData("base_values", double.NaN, "The state of the schedule has NaN under 'base_values'; it must be finite. The file is damaged; take an older one.")]
    [InlineData("_last_value", double.NegativeInfinity, "The state of the schedule has -Infinity under '_last_value'; it must be finite.*")]
    public void A_number_that_no_schedule_can_go_on_from_is_refused_and_changes_nothing(string entry, double number, string message)
    {
        ParamScheduler scheduler = new PolyLrOptions { Power = 2, End = 4 }.Build(Groups);
        PthDict before = scheduler.SaveState();
        PthDict state = scheduler.SaveState();
        state["verbose"] = true;
        state["by_epoch"] = false;
        state[entry] = entry.EndsWith("value", StringComparison.Ordinal) || entry == "base_values" ? PthSequence.List(number)
            : number == Math.Truncate(number) && double.IsFinite(number) ? PthValue.FromInt64((long)number)
            : PthValue.FromDouble(number);
        Action load = () => scheduler.LoadState(state);

        load.Should().Throw<PthException>().WithMessage(message);
        scheduler.SaveState().Should().BeEquivalentTo(before);
        state = scheduler.SaveState();
        state["last_step"] = 3;
        load.Should().NotThrow("MMEngine's last_step is above its _global_step in a schedule that was built with one");
    }

    [Fact]
    public void A_schedule_of_momentum_says_whether_the_groups_have_betas()
    {
        using FusedAdam adam = new(model.parameters(), new() { Lr = 1 });
        MultiStepMomentumOptions options = new() { Milestones = [1] };

        ((PthBool)options.Build(OptimizerGroup.Of(adam)).SaveState()["use_betas"]).Value.Should().BeTrue();
        ((PthBool)options.Build(Groups).SaveState()["use_betas"]).Value.Should().BeFalse();
        ((PthBool)options.Build((IReadOnlyList<OptimizerGroup>)[]).SaveState()["use_betas"]).Value.Should().BeFalse("there are no groups");
    }

    [Fact]
    public void An_epoch_may_be_one_iteration_long_and_too_many_iterations_are_no_negative_number()
    {
        MultiStepLrOptions options = new() { Milestones = [], Begin = 500_000_000, End = 600_000_000 };
        Action begin = () => (options with { End = null }).ToIterBased(5);
        Action end = () => (options with { Begin = 0 }).ToIterBased(5);
        Action milestone = () => new MultiStepLrOptions { Milestones = [500_000_000] }.ToIterBased(5);

        options.ToIterBased(1).Begin.Should().Be(500_000_000);
        begin.Should().Throw<OverflowException>();
        milestone.Should().Throw<OverflowException>();
        end.Should().Throw<OverflowException>();
    }

    /// <summary>Doubles the value, and reaches for a field in its steps.</summary>
    private static double LastValue(ParamScheduler scheduler) =>
        ((PthSequence)scheduler.SaveState()["_last_value"]).Items.Should().ContainSingle().Which.Should().BeOfType<PthFloat>().Which.Value;

    private sealed record ReachingOptions() : ParamSchedulerOptions(OptimizerOption.Lr)
    {
        public List<(double Current, double Initial, int Index)> Seen { get; } = [];

        protected override ParamScheduler Create(IReadOnlyList<OptimizerGroup> groups) => new Reaching(groups, this);

        private sealed class Reaching : ParamScheduler
        {
            private readonly ReachingOptions options;

            public Reaching(IReadOnlyList<OptimizerGroup> groups, ReachingOptions options)
                : base(groups, options) => this.options = options;

            protected override double Next(in GroupValue value)
            {
                options.Seen.Add((value.Current, value.Initial, value.Index));
                return value.Current * 2;
            }
        }
    }
}
