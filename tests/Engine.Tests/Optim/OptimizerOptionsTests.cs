using Compat.Engine.Optim;
using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

public sealed class OptimizerOptionsTests
{
    public static TheoryData<string> Names => [.. Choices.Keys];

    private static Dictionary<string, (FusedOptimizerOptions Options, Type Type)> Choices { get; } = new()
    {
        ["SGD"] = (new FusedSgdOptions { Lr = 0.1, Momentum = 0.5, Maximize = true }, typeof(FusedSgd)),
        ["Adam"] = (new FusedAdamOptions { Amsgrad = true }, typeof(FusedAdam)),
        ["AdamW"] = (new FusedAdamWOptions { Lr = 0.1 }, typeof(FusedAdamW)),
        ["Adagrad"] = (new FusedAdagradOptions { LrDecay = 0.1 }, typeof(FusedAdagrad)),
        ["RMSprop"] = (new FusedRmsPropOptions { Centered = true }, typeof(FusedRmsProp)),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void The_settings_of_each_of_our_optimizers_are_taken_as_they_are(string name)
    {
        using Linear model = One();
        Compat.Engine.Optim.OptimizerOptions options = Choices[name].Options;

        using FusedOptimizer optimizer = (FusedOptimizer)options.Build(model);

        optimizer.GetType().Should().Be(Choices[name].Type);
        OptimizerGroup.Of(optimizer).Should().ContainSingle().Which.Parameters.Should().Equal(model.parameters());
        optimizer.Requested.Should().Be(Implementation.Auto);
    }

    [Fact]
    public void Every_setting_reaches_the_optimizer()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = One();
        using optim.Optimizer optimizer = Build(new FusedSgdOptions { Lr = 0.1, Momentum = 0.5, WeightDecay = 0.25, Maximize = true }, model);

        Step(model, optimizer);
        model.weight.item<float>().Should().BeApproximately(1.075f, 1e-6f, "up the gradient: g = -1 + 0.25, w = 1 - 0.1 · -0.75");
        Step(model, optimizer);

        model.weight.item<float>().Should().BeApproximately(1.185625f, 1e-6f, "b = 0.5 · -0.75 - 1 + 0.25 · 1.075");
    }

    [Fact]
    public void How_it_computes_can_be_chosen()
    {
        using Linear model = One();

        using FusedOptimizer optimizer = (FusedOptimizer)new FusedOptimizerChoice(new FusedAdamOptions(), Implementation.PerParameter).Build(model);

        optimizer.Implementation.Should().Be(Implementation.PerParameter);
    }

    [Fact]
    public void Frozen_parameters_are_in_the_group_too()
    {
        using Linear model = nn.Linear(2, 2);
        model.bias!.requires_grad = false;

        using optim.Optimizer optimizer = Build(new FusedSgdOptions(), model);

        OptimizerGroup.Of(optimizer)[0].Parameters.Should().HaveCount(2);
    }

    [Fact]
    public void A_group_overrides_the_settings_that_it_names_and_the_options_stay_the_defaults()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear first = One();
        using Linear second = One();
        using Linear third = One();
        FusedSgdOptions settings = new() { Lr = 0.0123, WeightDecay = 0.5 };

        using FusedSgd optimizer = (FusedSgd)Compat.Engine.Optim.OptimizerOptions.FromFusedOptimizerOptions(settings).Build(
        [
            new ParameterGroup(first.parameters()) { Lr = 0.07 },
            new ParameterGroup(second.parameters()) { WeightDecay = 0 },
            new ParameterGroup(third.parameters()) { Options = settings with { Momentum = 0.9 }, Lr = 0.2 },
        ]);

        OptimizerGroup.Of(optimizer).Select(group => (group.Lr, group.Momentum)).Should().Equal((0.07, 0.0), (0.0123, 0.0), (0.2, 0.9));
        optimizer.Defaults.Should().Be(settings);
        OptimizerGroup.OfDefaults(optimizer).Lr.Should().Be(0.0123);
        Step(first, optimizer);
        first.weight.item<float>().Should().BeApproximately(0.895f, 1e-6f, "1 - 0.07 · (1 + 0.5)");
        Step(second, optimizer);
        second.weight.item<float>().Should().BeApproximately(0.9877f, 1e-6f, "1 - 0.0123 · 1");
    }

    [Fact]
    public void Settings_of_another_optimizer_in_a_group_are_refused()
    {
        using Linear model = One();
        Action act = () => new FusedOptimizerChoice(new FusedAdamOptions()).Build([new ParameterGroup(model.parameters()) { Options = new FusedSgdOptions() }]);

        act.Should().Throw<ArgumentException>().WithMessage(
            "A group of parameters has FusedSgdOptions, but the optimizer is built from FusedAdamOptions. Give the group settings of the same kind, or only Lr and WeightDecay.");
    }

    [Fact]
    public void Groups_with_settings_cannot_be_given_to_an_optimizer_that_exists_already()
    {
        using Linear model = One();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        BuiltOptimizer built = new(optimizer);
        Action act = () => built.Build([new ParameterGroup(model.parameters()) { Lr = 0.2 }, new ParameterGroup([])]);

        built.Build(model).Should().BeSameAs(optimizer);
        act.Should().Throw<ArgumentException>().WithMessage("SGD exists already and has its groups; groups with settings of their own cannot be given to it.*");
    }

    private static optim.Optimizer Build(Compat.Engine.Optim.OptimizerOptions options, nn.Module model) => options.Build(model);

    private static Linear One()
    {
        Linear model = nn.Linear(1, 1, hasBias: false);
        nn.init.ones_(model.weight);
        return model;
    }

    private static void Step(Linear model, optim.Optimizer optimizer)
    {
        OptimizerGroup.ClearGradients(optimizer);
        model.forward(ones(1, 1)).sum().backward();
        optimizer.step();
    }
}
