using Compat.TestSupport;
using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

/// <summary>Code that knows TorchSharp's optimizers alone works with ours: groups, its own state, moving.</summary>
public sealed class FusedOptimizerInTorchSharpTests
{
    [Fact]
    public void An_added_group_is_updated_with_the_first_groups_settings_and_its_own_learning_rate()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] weights = [Weight(), Weight(), Weight()];
        using FusedSgd optimizer = new(weights[..1], new() { Lr = 0.1, Momentum = 0.9 });
        OptimizerGroup.Of(optimizer).Should().HaveCount(1);

        optimizer.add_param_group(new ParamGroup { Parameters = weights[1..2] });
        optimizer.add_param_group(new SGD.ParamGroup(weights[2..], 0.2));
        Run(optimizer, weights, 0, 3);

        OptimizerGroup.Of(optimizer).Select(group => (group.Lr, group.Momentum)).Should().Equal((0.1, 0.9), (0.1, 0.9), (0.2, 0.9));
        weights[1].ToArray().Should().Equal(weights[0].ToArray());
        weights[2].ToArray().Should().NotEqual(weights[0].ToArray()).And.NotEqual(Weight().ToArray());
    }

    [Fact]
    public void A_group_keeps_the_parameters_that_it_was_made_with()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter weight = Weight();
        List<Parameter> list = [weight];
        using FusedSgd optimizer = new(list, new() { Lr = 0.1 });

        list[0] = Weight();

        // The same object: tensors of equal values are equal.
        optimizer.parameters().Should().ContainSingle().Which.Should().BeSameAs(weight);
        OptimizerGroup.Of(optimizer)[0].Parameters.Should().ContainSingle().Which.Should().BeSameAs(weight);
    }

    [Fact]
    public void Defaults_apart_from_the_first_group_hold_for_added_groups()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] weights = [Weight(), Weight()];
        using FusedSgd optimizer = new([new(weights[..1], new() { Lr = 0.07 })], defaults: new() { Lr = 0.0123, Momentum = 0.9 });

        optimizer.add_param_group(new ParamGroup { Parameters = weights[1..] });

        optimizer.Defaults.Should().Be(new FusedSgdOptions { Lr = 0.0123, Momentum = 0.9 });
        OptimizerGroup.OfDefaults(optimizer).Lr.Should().Be(0.0123);
        OptimizerGroup.Of(optimizer).Select(group => (group.Lr, group.Momentum)).Should().Equal((0.07, 0.0), (0.0123, 0.9));
    }

    [Fact]
    public void Defaults_that_are_out_of_range_are_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Action act = () => new FusedSgd([new([Weight()], new())], defaults: new() { Lr = -1 });

        act.Should().Throw<ArgumentException>().WithMessage("Lr is -1; it must be at least 0.*");
    }

    [Fact]
    public void A_group_is_added_with_settings_of_its_own_and_checked()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] weights = [Weight(), Weight()];
        using FusedSgd optimizer = new(weights[..1], new() { Lr = 0.1 });

        optimizer.AddGroup(new(weights[1..], new() { Lr = 0.3, Momentum = 0.5 }));
        Action twice = () => optimizer.AddGroup(new(weights[1..], new() { Lr = 0.3 }));
        Action negative = () => optimizer.AddGroup(new([Weight()], new() { Lr = -1 }));

        twice.Should().Throw<ArgumentException>().WithMessage("A parameter is listed twice. Each parameter belongs to one group.");
        negative.Should().Throw<ArgumentException>();
        OptimizerGroup.Of(optimizer).Select(group => (group.Lr, group.Momentum)).Should().Equal((0.1, 0.0), (0.3, 0.5));
        Run(optimizer, weights, 0, 1);
        weights[1].ToArray().Should().NotEqual(Weight().ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TorchSharps_own_state_carries_on_exactly(bool asStream)
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter straight = Weight();
        using FusedAdam whole = new([straight], new() { Lr = 0.05, Amsgrad = true });
        Run(whole, [straight], 0, 20);
        Parameter parted = Weight();
        using FusedAdam first = new([parted], new() { Lr = 0.05, Amsgrad = true });
        Run(first, [parted], 0, 10);
        using FusedAdam second = new([parted], new() { Lr = 0.7, Amsgrad = true });

        using (NewDisposeScope())
        {
            Carry(first, second, asStream);                           // what is loaded outlives this scope
        }

        Run(second, [parted], 10, 20);
        parted.ToArray().Should().Equal(straight.ToArray());
        second.state_dict().State[0].ApproximatelyEquals(whole.state_dict().State[0]).Should().BeTrue();
        second.state_dict().State[0].ApproximatelyEquals(new FusedAdam([Weight()]).state_dict().State[0]).Should().BeFalse();
    }

    [Fact]
    public void The_state_of_another_kind_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter weight = Weight();
        using FusedAdam adam = new([weight]);
        Run(adam, [weight], 0, 1);
        using FusedSgd sgd = new([weight], new() { Lr = 0.1, Momentum = 0.9 });
        using SGD theirs = optim.SGD([weight], 0.1);
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        adam.state_dict().State[0].SaveStateDict(writer);
        stream.Position = 0;
        Action fromStream = () => sgd.state_dict().State[0].LoadStateDict(new BinaryReader(stream));
        Action fromOther = () => sgd.load_state_dict(theirs.state_dict());

        fromStream.Should().Throw<InvalidDataException>().WithMessage("The stream has a state 'step'; this optimizer keeps momentum_buffer.*");
        fromOther.Should().Throw<ArgumentException>().WithMessage("The state is a TorchSharp.Modules.SGD+State, not one of a fused optimizer.*");
    }

    [Fact]
    public void The_state_moves_with_to_and_can_be_initialised()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter weight = Weight();
        using FusedSgd optimizer = new([weight], new() { Lr = 0.1, Momentum = 0.9 });
        Run(optimizer, [weight], 0, 1);

        optimizer.to(CPU);
        optimizer.StateOf(weight).Names.Should().Equal("momentum_buffer");
        optimizer.state_dict().State[0].Initialize(null!);

        optimizer.StateOf(weight).Names.Should().BeEmpty();
    }

    [Fact]
    public void A_model_that_was_moved_after_the_optimizer_was_built_is_an_error_that_says_so()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear linear = nn.Linear(2, 1);
        using FusedSgd optimizer = new(linear.parameters(), new() { Lr = 0.1 });
        linear.to(ScalarType.Float64);
        Action act = () => optimizer.step();

        act.Should().Throw<InvalidOperationException>().WithMessage(
            "A parameter of the optimizer was disposed. TorchSharp makes new parameters when a model moves to another device or type: move the model first, then build the optimizer.");
    }

    private static void Carry(FusedAdam from, FusedAdam to, bool asStream)
    {
        if (!asStream)
        {
            to.load_state_dict(from.state_dict());
            return;
        }

        using TemporaryFolder folder = new();
        from.save_state_dict(folder.File("state"));
        to.load_state_dict(folder.File("state"));
    }

    private static Parameter Weight() => new(linspace(-1, 1, 4));

    private static void Run(optim.Optimizer optimizer, Parameter[] weights, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            Array.ForEach(weights, weight => weight.grad = (weight.detach() * (i + 1)).sin());
            optimizer.step();
        }
    }
}
