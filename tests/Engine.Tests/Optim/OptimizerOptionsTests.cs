using Compat.Engine.Optim;
using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

public sealed class OptimizerOptionsTests
{
    [Fact]
    public void SGD_makes_the_step_of_its_formula()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = One();
        using optim.Optimizer optimizer = new SgdOptions { Lr = 0.1, Momentum = 0.5, WeightDecay = 0.25 }.Build(model);

        Step(model, optimizer);
        model.weight.item<float>().Should().BeApproximately(0.875f, 1e-6f, "g = 1 + 0.25, w = 1 - 0.1 · 1.25");
        Step(model, optimizer);

        model.weight.item<float>().Should().BeApproximately(0.690625f, 1e-6f, "b = 0.5 · 1.25 + 1 + 0.25 · 0.875");
        OptimizerGroup.Of(optimizer)[0].Momentum.Should().Be(0.5);
    }

    [Fact]
    public void AdamW_decays_the_weight_beside_the_moments()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = One();
        using optim.Optimizer optimizer = new AdamWOptions { Lr = 0.1, WeightDecay = 0.5 }.Build(model);

        Step(model, optimizer);

        model.weight.item<float>().Should().BeApproximately(0.85f, 1e-5f, "1 - 0.1 · 0.5 - 0.1");
    }

    [Fact]
    public void The_defaults_of_AdamW_are_those_of_PyTorch() =>
        new AdamWOptions().Should().Be(new AdamWOptions { Lr = 0.001, Beta1 = 0.9, Beta2 = 0.999, Eps = 1e-8, WeightDecay = 0.01 });

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
