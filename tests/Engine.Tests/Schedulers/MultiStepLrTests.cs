using Compat.Engine.Schedulers;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Schedulers;

public sealed class MultiStepLrTests
{
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
}
