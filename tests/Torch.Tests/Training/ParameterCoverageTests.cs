using Compat.TestSupport;
using Compat.Torch.Optim;
using Compat.Torch.Training;
using Microsoft.Extensions.Logging;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Training;

public sealed class ParameterCoverageTests
{
    private readonly ListLogger logger = new();

    [Fact]
    public void An_optimizer_of_exactly_the_models_parameters_gives_no_line()
    {
        using Net model = new();

        Check(model, optim.SGD(model.parameters(), 0.1));

        logger.Lines.Should().BeEmpty();
    }

    [Fact]
    public void An_optimizer_of_another_model_is_refused()
    {
        using Net model = new();
        using Net other = new();

        Action check = () => Check(model, optim.SGD(other.parameters(), 0.1));

        check.Should().Throw<InvalidOperationException>().WithMessage(
            "None of the 4 parameters of the optimizer is one of Net, which has 4, so training would change nothing. Build the optimizer from this model's parameters() "
            + "after the model was moved: moving replaces them.");
    }

    [Fact]
    public void A_forgotten_RegisterComponents_is_named_as_the_cause()
    {
        using Forgetful model = new();

        Action check = () => Check(model, optim.SGD(model.Linear.parameters(), 0.1));
        ParameterCoverage.Check(model, [], logger);

        check.Should().Throw<InvalidOperationException>().WithMessage(
            "None of the 2 parameters of the optimizer is one of Forgetful, which has 0, *: moving replaces them. Forgetful has fields that are not registered: "
            + "scale, Linear. Call RegisterComponents() at the end of its constructor.");
        logger.Lines.Should().Equal(
            "There is no optimizer: only Forgetful itself can update its weights. Give the runner an optimizer if a hook shall do it. Forgetful has fields that are not "
            + "registered: scale, Linear. Call RegisterComponents() at the end of its constructor.");
    }

    [Fact]
    public void An_optimizer_without_parameters_is_refused()
    {
        using Forgetful model = new();

        Action check = () => Check(model, optim.SGD(model.parameters(), 0.1));

        check.Should().Throw<InvalidOperationException>().WithMessage(
            "The optimizer holds no parameters, so training would change nothing. Build it from the parameters() of Forgetful, which has 0. Forgetful has fields that are "
            + "not registered: scale, Linear. Call RegisterComponents() at the end of its constructor.");
    }

    [Fact]
    public void Parameters_that_were_disposed_are_refused_in_words()
    {
        using Net moved = new();
        using FusedSgd optimizer = new(moved.parameters(), new() { Lr = 0.1 });
        moved.to(ScalarType.Float64);

        Action check = () => ParameterCoverage.Check(moved, OptimizerGroup.Of(optimizer), logger);

        check.Should().Throw<InvalidOperationException>().WithMessage(
            "A parameter of the optimizer was disposed. TorchSharp makes new parameters when a model moves to another device or type: move the model first, then build "
            + "the optimizer.");
    }

    [Fact]
    public void Trainable_parameters_that_no_optimizer_holds_are_named_and_frozen_ones_are_not()
    {
        using Net model = new();
        model.Second.bias!.requires_grad = false;

        Check(model, optim.SGD(model.First.parameters(), 0.1));

        logger.Ours.Should().Equal(
            (9061, "No optimizer holds 1 of Net's trainable parameters: second.weight. Give them to the optimizer, or freeze them."));
        logger.Levels.Should().Equal(LogLevel.Warning);
    }

    [Fact]
    public void Parameters_that_are_not_the_models_are_shown_by_their_shapes()
    {
        using Net model = new();
        using Parameter foreign = new(zeros(3, 2));

        Check(model, optim.SGD([.. model.parameters(), foreign], 0.1));

        logger.Lines.Should().Equal(
            "1 of the optimizer's parameters are not Net's; their shapes are [3, 2]. Build the optimizer from this model's parameters() after the model was moved: "
            + "moving replaces them.");
    }

    [Fact]
    public void Both_in_one_line_and_the_names_are_cut_after_a_few()
    {
        using nn.Module model = nn.Sequential([.. Enumerable.Range(0, 4).Select(i => ($"l{i}", (nn.Module<Tensor, Tensor>)nn.Linear(1, 1)))]);
        using Parameter foreign = new(zeros(1));

        Check(model, optim.SGD([model.parameters().First(), foreign], 0.1));

        logger.Lines.Should().ContainSingle().Which.Should().StartWith(
            "No optimizer holds 7 of Sequential's trainable parameters: l0.bias, l1.weight, l1.bias, l2.weight, l2.bias and 2 more. Give them to the optimizer, or freeze "
            + "them. 1 of the optimizer's parameters are not Sequential's;");
    }

    [Fact]
    public void Several_optimizers_hold_the_parameters_together()
    {
        using Net model = new();

        ParameterCoverage.Check(
            model,
            [.. OptimizerGroup.Of(optim.SGD(model.First.parameters(), 0.1)), .. OptimizerGroup.Of(optim.SGD(model.Second.parameters(), 0.1))],
            logger);

        logger.Lines.Should().BeEmpty();
    }

    [Fact]
    public void No_optimizer_at_all_is_one_line_of_information()
    {
        using Net model = new();

        ParameterCoverage.Check(model, [], logger);

        logger.Ours.Should().Equal((9062, "There is no optimizer: only Net itself can update its weights. Give the runner an optimizer if a hook shall do it."));
        logger.Levels.Should().Equal(LogLevel.Information);
    }

    private void Check(nn.Module model, optim.Optimizer optimizer)
    {
        using (optimizer)
        {
            ParameterCoverage.Check(model, OptimizerGroup.Of(optimizer), logger);
        }
    }

    private sealed class Net : nn.Module
    {
        private readonly Linear first = nn.Linear(1, 1);
        private readonly Linear second = nn.Linear(1, 1);

        public Net()
            : base(nameof(Net)) => RegisterComponents();

        public Linear First => first;

        public Linear Second => second;
    }

    private sealed class Forgetful() : nn.Module(nameof(Forgetful))
    {
        private readonly Parameter scale = new(ones(1));

        public Linear Linear { get; } = nn.Linear(1, 1);

        public override string GetName() => $"{base.GetName()} {scale.dtype}";
    }
}
