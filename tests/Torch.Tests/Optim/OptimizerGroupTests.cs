using Compat.TestSupport;
using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

public sealed class OptimizerGroupTests
{
    [Fact]
    public void The_same_group_always_gives_the_same_view()
    {
        using Linear model = nn.Linear(2, 1);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        OptimizerGroup group = OptimizerGroup.Of(optimizer).Should().ContainSingle().Subject;

        group.InitialLr = 0.5;

        OptimizerGroup.Of(optimizer)[0].Should().BeSameAs(group);
        OptimizerGroup.Of(optimizer)[0].InitialLr.Should().Be(0.5);
    }

    [Fact]
    public void Another_optimizer_has_views_of_its_own()
    {
        using Linear model = nn.Linear(2, 1);
        using optim.Optimizer first = optim.SGD(model.parameters(), 0.1);
        using optim.Optimizer second = optim.SGD(model.parameters(), 0.1);

        OptimizerGroup.Of(first)[0].Should().NotBeSameAs(OptimizerGroup.Of(second)[0]);
    }

    [Fact]
    public void A_group_added_later_is_found_and_the_first_view_stays()
    {
        using Linear model = nn.Linear(2, 1);
        using Linear head = nn.Linear(1, 1);
        using SGD optimizer = optim.SGD(model.parameters(), 0.1);
        OptimizerGroup first = OptimizerGroup.Of(optimizer)[0];

        optimizer.add_param_group(new SGD.ParamGroup(head.parameters(), new SGD.Options { LearningRate = 0.2 }));

        IReadOnlyList<OptimizerGroup> groups = OptimizerGroup.Of(optimizer);
        groups.Should().HaveCount(2);
        groups[0].Should().BeSameAs(first);
        groups[1].Lr.Should().Be(0.2);
    }

    [Fact]
    public void The_parameters_are_those_of_the_group_in_order()
    {
        using Linear model = nn.Linear(2, 1);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);

        OptimizerGroup.Of(optimizer)[0].Parameters.Select(parameter => parameter.shape.Length).Should().Equal(2, 1);
    }

    [Fact]
    public void Setting_the_learning_rate_reaches_the_optimizer()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = nn.Linear(1, 1, hasBias: false);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        float before = model.weight.item<float>();
        OptimizerGroup group = OptimizerGroup.Of(optimizer)[0];

        group.Lr = 2;
        model.forward(ones(1, 1)).backward();
        optimizer.step();

        group.Lr.Should().Be(2);
        model.weight.item<float>().Should().BeApproximately(before - 2, 1e-6f);
    }

    [Fact]
    public void Initial_values_are_unknown_until_a_schedule_sets_them()
    {
        using Linear model = nn.Linear(2, 1);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        OptimizerGroup group = OptimizerGroup.Of(optimizer)[0];
        group.InitialLr.Should().BeNull();
        group.InitialMomentum.Should().BeNull();

        group.InitialLr = 0.3;
        group.InitialMomentum = 0.4;

        (group.InitialLr, group.InitialMomentum).Should().Be((0.3, 0.4));
    }

    [Fact]
    public void The_momentum_is_that_of_SGD_the_first_beta_of_Adam_and_nothing_for_others()
    {
        using Linear model = nn.Linear(2, 1);
        using optim.Optimizer sgd = optim.SGD(model.parameters(), 0.1, momentum: 0.7);
        using optim.Optimizer adam = optim.Adam(model.parameters(), 0.1, beta1: 0.6, beta2: 0.99);
        using optim.Optimizer adagrad = optim.Adagrad(model.parameters(), 0.1);

        OptimizerGroup.Of(sgd)[0].Momentum.Should().Be(0.7);
        OptimizerGroup.Of(adam)[0].Momentum.Should().Be(0.6);
        OptimizerGroup.Of(adagrad)[0].Momentum.Should().BeNull();
    }

    [Fact]
    public void The_group_of_defaults_has_the_learning_rate_that_the_optimizer_was_made_with_and_no_parameters()
    {
        using Linear model = nn.Linear(2, 1);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        OptimizerGroup.Of(optimizer)[0].Lr = 9;

        OptimizerGroup defaults = OptimizerGroup.OfDefaults(optimizer);

        defaults.Lr.Should().Be(0.1);
        defaults.Parameters.Should().BeEmpty();
        defaults.Lr = 0.01;
        OptimizerGroup.Of(optimizer)[0].Lr.Should().Be(9, "the virtual group drives nothing");
    }

    [Fact]
    public void Cleared_gradients_are_null_by_default()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = nn.Linear(2, 1);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        model.forward(ones(1, 2)).sum().backward();
        model.weight.grad.Should().NotBeNull();

        OptimizerGroup.ClearGradients(optimizer);

        model.weight.grad.Should().BeNull();
        model.bias!.grad.Should().BeNull();
    }

    [Fact]
    public void Gradients_can_be_filled_with_zeros_and_those_that_were_never_there_stay_null()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = nn.Linear(2, 1);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        model.bias!.requires_grad = false;
        model.forward(ones(1, 2)).sum().backward();
        model.weight.grad!.abs().sum().item<float>().Should().BePositive();

        OptimizerGroup.ClearGradients(optimizer, setToNone: false);

        model.weight.grad!.abs().sum().item<float>().Should().Be(0);
        model.bias.grad.Should().BeNull();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Clearing_leaves_no_tensor_behind(bool setToNone)
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = nn.Linear(2, 1);
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        OptimizerGroup.ClearGradients(optimizer, setToNone);
        using (NewDisposeScope())
        {
            model.forward(ones(1, 2)).sum().backward();
        }

        long before = LiveTensors.Settled();
        OptimizerGroup.ClearGradients(optimizer, setToNone);

        Tensor.TotalCount.Should().Be(before);
    }

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => OptimizerGroup.Of(null!);

        act.Should().Throw<ArgumentNullException>().WithParameterName("optimizer");
    }
}
