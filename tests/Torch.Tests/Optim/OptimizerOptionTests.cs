using Compat.Torch.Optim;
using Compat.Torch.Serialization;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

public sealed class OptimizerOptionTests
{
    public static TheoryData<string> Names => [.. Makers.Keys];

    // What each optimizer has beside the learning rate, by PyTorch's names.
    private static Dictionary<string, (Func<Parameter[], optim.Optimizer> Make, string[] Options)> Makers { get; } = new()
    {
        ["FusedSgd"] = (own => new FusedSgd(own, new() { Momentum = 0.9 }), ["momentum", "dampening", "weight_decay"]),
        ["FusedAdam"] = (own => new FusedAdam(own), ["momentum", "eps", "weight_decay"]),
        ["FusedAdamW"] = (own => new FusedAdamW(own), ["momentum", "eps", "weight_decay"]),
        ["FusedAdagrad"] = (own => new FusedAdagrad(own), ["lr_decay", "eps", "weight_decay", "initial_accumulator_value"]),
        ["FusedRmsProp"] = (own => new FusedRmsProp(own), ["momentum", "alpha", "eps", "weight_decay"]),
        ["SGD"] = (own => optim.SGD(own, 0.1), ["momentum", "dampening", "weight_decay"]),
        ["Adam"] = (own => optim.Adam(own), ["momentum", "eps", "weight_decay"]),
        ["AdamW"] = (own => optim.AdamW(own), ["momentum", "eps", "weight_decay"]),
        ["Adagrad"] = (own => optim.Adagrad(own), ["lr_decay", "eps", "weight_decay", "initial_accumulator_value"]),
        ["RMSProp"] = (own => optim.RMSProp(own), ["momentum", "alpha", "eps", "weight_decay"]),
        ["Adadelta"] = (own => optim.Adadelta(own), ["rho", "eps", "weight_decay"]),
        ["Adamax"] = (own => optim.Adamax(own), ["momentum", "eps", "weight_decay"]),
        ["NAdam"] = (own => optim.NAdam(own), ["momentum", "eps", "weight_decay", "momentum_decay"]),
        ["RAdam"] = (own => optim.RAdam(own), ["momentum", "eps", "weight_decay"]),
        ["Rprop"] = (own => optim.Rprop(own), []),
        ["ASGD"] = (own => optim.ASGD(own), ["lambd", "alpha", "t0", "weight_decay"]),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_option_of_every_optimizer_is_found_read_and_set_in_its_group_and_in_the_group_of_defaults(string name)
    {
        using Parameter weight = new(ones(2));
        using optim.Optimizer optimizer = Makers[name].Make([weight]);
        OptimizerGroup group = OptimizerGroup.Of(optimizer)[0];
        OptimizerGroup defaults = OptimizerGroup.OfDefaults(optimizer);
        foreach (string option in Makers[name].Options.Append("lr"))
        {
            if (option == "initial_accumulator_value")
            {
                continue;                                             // only its first use counts
            }

            OptimizerValue value = new OptimizerOption(option).In(group);
            OptimizerValue ofDefaults = new OptimizerOption(option).In(defaults);
            double before = value.Current;
            ofDefaults.Current.Should().Be(before, option);

            value.Current = 0.125;

            value.Current.Should().Be(0.125, option);
            new OptimizerOption(option).In(group).Current.Should().Be(0.125, option);
            ofDefaults.Current.Should().Be(before, $"the group of defaults has a {option} of its own");
            ofDefaults.Current = 0.25;
            (value.Current, ofDefaults.Current).Should().Be((0.125, 0.25), option);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_option_that_is_missing_is_an_error_that_lists_what_there_is(string name)
    {
        using Parameter weight = new(ones(2));
        using optim.Optimizer optimizer = Makers[name].Make([weight]);
        Action act = () => new OptimizerOption("warmth").In(OptimizerGroup.Of(optimizer)[0]);

        string options = string.Join(", ", Makers[name].Options.Prepend("lr"));
        act.Should().Throw<ArgumentException>().WithMessage($"{name} has no option 'warmth'. It has {options}. Name one of these.*");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_set_is_what_the_update_uses(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        float With(double lr)
        {
            Parameter weight = new(ones(2));
            using optim.Optimizer optimizer = Makers[name].Make([weight]);
            OptimizerOption.Lr.In(OptimizerGroup.Of(optimizer)[0]).Current = lr;
            for (int i = 0; i < 2; i++)
            {
                weight.grad = ones(2);
                optimizer.step();
            }

            return weight[0].item<float>();
        }

        // Rprop steps by a size of its own; its rate only begins with it.
        (With(0.001) == With(0.5)).Should().Be(name == "Rprop");
    }

    [Fact]
    public void Momentum_is_the_first_beta_and_the_second_stays()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter weight = new(ones(2));
        using FusedAdam optimizer = new([weight], new() { Beta1 = 0.8, Beta2 = 0.99 });

        OptimizerOption.Momentum.In(OptimizerGroup.Of(optimizer)[0]).Current = 0.5;
        OptimizerGroup.Of(optimizer)[0].Momentum.Should().Be(0.5);
        OptimizerGroup.Of(optimizer)[0].Momentum = 0.25;

        ((PthSequence)OptimizerGroup.Of(optimizer)[0].SaveSettings()["betas"]).Items.Should().Equal(new PthFloat(0.25), new PthFloat(0.99));
    }

    [Fact]
    public void A_momentum_that_is_not_there_cannot_be_set()
    {
        using DisposeScope scope = NewDisposeScope();
        using FusedAdagrad optimizer = new([new Parameter(ones(2))]);
        Action act = () => OptimizerGroup.Of(optimizer)[0].Momentum = 0.5;

        OptimizerGroup.Of(optimizer)[0].Momentum.Should().BeNull();
        act.Should().Throw<ArgumentException>().WithMessage("FusedAdagrad has no option 'momentum'. It has lr, lr_decay, eps, *");
    }

    [Fact]
    public void Initial_values_are_stored_by_name_and_read_back()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter weight = new(ones(2));
        using FusedAdagrad optimizer = new([weight]);
        OptimizerGroup group = OptimizerGroup.Of(optimizer)[0];
        OptimizerOption.WeightDecay.In(group).Initial = 0.5;
        OptimizerOption.Lr.In(group).Initial = 0.25;
        PthDict state = optimizer.SaveState();

        using FusedAdagrad other = new([weight]);
        other.LoadState(state);

        OptimizerGroup loaded = OptimizerGroup.Of(other)[0];
        (OptimizerOption.WeightDecay.In(loaded).Initial, loaded.InitialLr, loaded.InitialMomentum).Should().Be((0.5, 0.25, null));
        loaded.SaveSettings().TryGetValue("initial_initial_accumulator_value", out _).Should().BeFalse("that is an option of Adagrad's own");
        group.InitialLr = null;
        group.SaveSettings().TryGetValue("initial_lr", out _).Should().BeFalse();
    }

    [Fact]
    public void A_scheduled_momentum_of_Adam_is_stored_where_MMEngine_keeps_it()
    {
        using DisposeScope scope = NewDisposeScope();
        using FusedAdam optimizer = new([new Parameter(ones(2))], new() { Beta1 = 0.8 });
        OptimizerGroup group = OptimizerGroup.Of(optimizer)[0];
        group.SaveSettings().TryGetValue("momentum", out _).Should().BeFalse();

        group.InitialMomentum = 0.9;

        group.SaveSettings()["momentum"].Should().Be(new PthFloat(0.8));
        group.SaveSettings()["initial_momentum"].Should().Be(new PthFloat(0.9));
    }

    [Fact]
    public void Settings_of_another_kind_are_refused_and_change_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using FusedAdam optimizer = new([new Parameter(ones(2))]);
        OptimizerGroup defaults = OptimizerGroup.OfDefaults(optimizer);
        Action act = () => defaults.LoadSettings(new PthDict { ["lr"] = 0.5, ["eps"] = "small" });

        act.Should().Throw<PthException>().WithMessage("The state's setting 'eps' is something else; it must be a number.*");
        defaults.Lr.Should().Be(0.001);
    }
}
