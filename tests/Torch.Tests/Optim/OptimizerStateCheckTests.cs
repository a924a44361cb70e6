using Compat.TestSupport;
using Compat.Torch.Logging;
using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

/// <summary>What is taken in silence by PyTorch and trains nonsense is refused, and leaves everything as it was.</summary>
public sealed class OptimizerStateCheckTests
{
    private const string Damaged = " The file is damaged; take an older one.";
    private const string NotNegative = "it must be a finite number, at least 0." + Damaged;

    public static TheoryData<string, double, string> Settings => new()
    {
        { "lr", -1, $"The state's setting 'lr' of group 1 is -1; {NotNegative}" },
        { "lr", double.PositiveInfinity, $"The state's setting 'lr' of group 1 is Infinity; {NotNegative}" },
        { "lr", double.NaN, $"The state's setting 'lr' of group 1 is NaN; {NotNegative}" },
        { "eps", -1e-8, $"The state's setting 'eps' of group 1 is -1E-08; {NotNegative}" },
        { "weight_decay", double.NaN, $"The state's setting 'weight_decay' of group 1 is NaN; {NotNegative}" },
        { "initial_lr", double.NegativeInfinity, $"The state's setting 'initial_lr' of group 1 is -Infinity; {NotNegative}" },
        { "betas", 1, "The state's setting 'betas' of group 1 is (0.9, 1); 1 in it must be a finite number from 0 to below 1." + Damaged },
        { "betas", -0.5, "The state's setting 'betas' of group 1 is (0.9, -0.5); -0.5 in it must be a finite number from 0 to below 1." + Damaged },
        { "betas", double.NaN, "The state's setting 'betas' of group 1 is (0.9, NaN); NaN in it must be a finite number from 0 to below 1." + Damaged },
    };

    public static TheoryData<double> Steps => [-1, double.NaN, 2.5, double.PositiveInfinity, 1e30];

    [Theory]
    [MemberData(nameof(Settings))]
    public void A_setting_out_of_range_is_refused(string name, double value, string message) =>
        Refused(state => Group(state, 1)[name] = name == "betas" ? PthSequence.Tuple(0.9, value) : value, message);

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_count_of_updates_that_cannot_be_is_refused(double count)
    {
        string message = FormattableString.Invariant($"The state of parameter 1 has {count} under 'step'; it must be a whole number from 0 to 9007199254740992.{Damaged}");

        Refused(state => Entries(state, 1)["step"] = count, message);
        Refused(state => Entries(state, 1)["step"] = new PthTensor(tensor(count)), message);
    }

    [Fact]
    public void Entries_of_a_parameter_that_no_group_lists_are_refused() => Refused(
        state => ((PthDict)state["state"]).Set(7, Entries(state, 0)),
        "The state has entries of a parameter 7, which is in none of its 'param_groups'; they list 3 parameters, 0 to 2." + Damaged);

    [Fact]
    public void A_parameter_that_is_listed_twice_is_refused() => Refused(
        state => Group(state, 1)["params"] = PthSequence.List(0),
        "The state's 'param_groups' list parameter 0 twice; each must be in one group, once." + Damaged);

    [Fact]
    public void A_moment_without_its_count_is_refused()
    {
        const string Message = "The state of parameter 0 has 'exp_avg', 'exp_avg_sq', but lacks 'step'; it must have all of 'step', 'exp_avg', 'exp_avg_sq', or nothing.";

        Refused(state => ((PthDict)state["state"]).Set(0, Without(Entries(state, 0), "step")), Message + Damaged);
        Refused(state => Entries(state, 0)["step"] = PthNone.Value, Message + Damaged);
    }

    [Fact]
    public void A_moment_of_another_kind_is_refused()
    {
        Refused(state => Entries(state, 0)["exp_avg"] = new PthTensor(ones(4, ScalarType.Int64)), "The state 'exp_avg' does not fit a parameter of shape [4]*");
        Refused(state => Entries(state, 0)["exp_avg"] = new PthTensor(ones(4, ScalarType.ComplexFloat32)), "The state 'exp_avg' does not fit a parameter of shape [4]*");
        Refused(state => Entries(state, 0)["exp_avg"] = 1, "The state 'exp_avg' does not fit a parameter of shape [4]*");
    }

    [Fact]
    public void A_group_that_is_no_dictionary_is_refused() => Refused(
        state => state["param_groups"] = PthSequence.List([.. ((PthSequence)state["param_groups"]).Items, "lr"]),
        "The state's 'param_groups[2]' is a PthText; it must be a dictionary." + Damaged);

    [Fact]
    public void A_state_of_a_parameter_that_is_no_dictionary_is_refused() => Refused(
        state => ((PthDict)state["state"]).Set(2, 5),
        "The state of parameter 2 is a PthInteger; it must be a dictionary." + Damaged);

    [Fact]
    public void What_a_constructor_takes_stays_so()
    {
        using DisposeScope scope = NewDisposeScope();
        Action make = () => new FusedSgd([new Parameter(ones(1))], new() { Lr = double.PositiveInfinity, Momentum = 1.5 }).Dispose();

        make.Should().NotThrow("PyTorch's takes it");
    }

    [Fact]
    public void A_state_that_remembers_nothing_is_taken_and_said_once()
    {
        using DisposeScope scope = NewDisposeScope();
        using FusedAdam adam = Adam();
        ListLogger logger = new();
        PthDict state = adam.SaveState();
        PthDict one = adam.SaveState();
        one["state"] = new PthDict();
        ((PthDict)one["state"]).Set(1, Entries(state, 1));
        state["state"] = new PthDict();
        using FusedSgd plain = new([new Parameter(ones(1))], new());
        using FusedSgd momentum = new([new Parameter(ones(1))], new() { Momentum = 0.5 });

        adam.LoadState(state);
        adam.WarnIfForgetful(state, logger);

        logger.Ours.Should().ContainSingle().Which.Text.Should().Be(
            "The state that was loaded into FusedAdam remembers nothing of any parameter, so moments and counts begin anew. That is right if it was saved before the first "
            + "update; else resume from a file that has the optimizer's state.");
        logger.Ours.Single().Id.Should().Be(CompatEvents.ForgetfulState.Id);
        adam.WarnIfForgetful(one, logger);
        plain.WarnIfForgetful(plain.SaveState(), logger);
        logger.Ours.Should().ContainSingle("a parameter without a gradient has none, and SGD without momentum keeps none");
        momentum.WarnIfForgetful(momentum.SaveState(), logger);
        logger.Ours.Should().HaveCount(2);
    }

    [Fact]
    public void TorchSharps_own_optimizers_are_guarded_in_the_same_way()
    {
        using DisposeScope scope = NewDisposeScope();
        using optim.Optimizer optimizer = optim.Adam([new Parameter(ones(4))], 0.1);
        PthDict state = optimizer.SaveState();
        Entries(state, 0)["step"] = -1;
        byte[] before = Bytes(optimizer.SaveState());

        optimizer.Invoking(own => own.CheckState(state)).Should().Throw<PthException>().WithMessage("The state of parameter 0 has -1 under 'step'*");
        optimizer.Invoking(own => own.LoadState(state)).Should().Throw<PthException>();
        Bytes(optimizer.SaveState()).Should().Equal(before);
    }

    [Fact]
    public void A_stream_of_TorchSharps_layout_that_ends_too_soon_leaves_the_state_as_it_was()
    {
        using DisposeScope scope = NewDisposeScope();
        using FusedAdam adam = Adam();
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        adam.state_dict().State[0].SaveStateDict(writer);
        byte[] before = Bytes(adam.SaveState());
        stream.SetLength(stream.Length - 3);
        stream.Position = 0;

        adam.Invoking(own => own.state_dict().State[0].LoadStateDict(new BinaryReader(stream))).Should().Throw<Exception>();

        Bytes(adam.SaveState()).Should().Equal(before);
    }

    private static void Refused(Action<PthDict> damage, string message)
    {
        using DisposeScope scope = NewDisposeScope();
        using FusedAdam adam = Adam();
        PthDict state = adam.SaveState();
        adam.CheckState(state);
        Group(state, 0)["weight_decay"] = 0.25;
        damage(state);
        byte[] before = Bytes(adam.SaveState());

        adam.Invoking(own => own.CheckState(state)).Should().Throw<PthException>().WithMessage(message);
        adam.Invoking(own => own.LoadState(state)).Should().Throw<PthException>().WithMessage(message);

        Bytes(adam.SaveState()).Should().Equal(before, "a refused load leaves everything as it was");
    }

    private static FusedAdam Adam()
    {
        Parameter[] weights = [new(ones(4)), new(ones(2, 3)), new(ones(1))];
        ParameterGroup<FusedAdamOptions>[] groups = [new(weights[..2], new() { Lr = 0.1 }), new(weights[2..], new() { Lr = 0.2 })];
        FusedAdam adam = new(groups);
        foreach (Parameter weight in weights)
        {
            weight.grad = full_like(weight, 0.5);
        }

        adam.step();
        return adam;
    }

    private static PthDict Group(PthDict state, int index) => (PthDict)((PthSequence)state["param_groups"]).Items[index];

    private static PthDict Entries(PthDict state, int number) => (PthDict)((PthDict)state["state"]).Single(entry => entry.Key == new PthInteger(number)).Value;

    private static PthDict Without(PthDict dict, string name)
    {
        PthDict rest = [];
        foreach ((PthValue key, PthValue value) in dict.Where(entry => entry.Key != new PthText(name)))
        {
            rest.Set(key, value);
        }

        return rest;
    }

    private static byte[] Bytes(PthDict state)
    {
        using MemoryStream stream = new();
        PthFile.Write(stream, state);
        return stream.ToArray();
    }
}
