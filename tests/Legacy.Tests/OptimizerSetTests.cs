using Compat.Legacy.Tests.Support;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests;

public sealed class OptimizerSetTests
{
    [Fact]
    public void A_single_optimizer_has_the_empty_name()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        OptimizerSet set = optimizer;

        set.IsNamed.Should().BeFalse();
        set.Single.Should().BeSameAs(optimizer);
        set.All.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create(string.Empty, optimizer));
        OptimizerSet.FromOptimizer(optimizer).Single.Should().BeSameAs(optimizer);
    }

    [Fact]
    public void Several_optimizers_are_found_by_name_and_stay_in_order()
    {
        using StepModel model = new();
        using optim.Optimizer first = optim.SGD(model.parameters(), 0.1);
        using optim.Optimizer second = optim.SGD(model.parameters(), 0.2);
        OptimizerSet set = new([KeyValuePair.Create("gen", first), KeyValuePair.Create("disc", second)]);

        set.IsNamed.Should().BeTrue();
        set["gen"].Should().BeSameAs(first);
        set["disc"].Should().BeSameAs(second);
        set.All.Select(entry => entry.Key).Should().Equal("gen", "disc");
    }

    [Fact]
    public void One_of_several_must_be_chosen_by_name()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        OptimizerSet set = new([KeyValuePair.Create("gen", optimizer), KeyValuePair.Create("disc", optimizer)]);

        Action single = () => _ = set.Single;
        Action other = () => _ = set["Gen"];

        single.Should().Throw<InvalidOperationException>().WithMessage("There are several optimizers: gen, disc. Choose one by its name.");
        other.Should().Throw<KeyNotFoundException>().WithMessage("There is no optimizer 'Gen'. Names present: gen, disc.");
    }

    [Fact]
    public void A_single_one_has_no_names()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        OptimizerSet set = new(optimizer);

        Action named = () => _ = set["gen"];

        named.Should().Throw<KeyNotFoundException>().WithMessage("There is no optimizer 'gen'. Names present: none, it is a single one.");
    }

    [Fact]
    public void An_empty_set_is_refused()
    {
        Action make = () => _ = new OptimizerSet([]);

        make.Should().Throw<ArgumentException>().WithMessage("The set of optimizers is empty. Name at least one, or give the runner none at all.*");
    }

    [Fact]
    public void Nothing_is_refused()
    {
        Action single = () => _ = new OptimizerSet((optim.Optimizer)null!);
        Action named = () => _ = new OptimizerSet([KeyValuePair.Create("gen", (optim.Optimizer)null!)]);
        Action several = () => _ = new OptimizerSet((IEnumerable<KeyValuePair<string, optim.Optimizer>>)null!);

        single.Should().Throw<ArgumentException>().WithMessage(
            "The optimizer is null. Pass one, for example new FusedSgd(model.parameters(), new() { Lr = 0.01 }), or leave Optimizer out of the runner's options "
            + "if the model has its own.");
        named.Should().Throw<ArgumentException>().WithMessage("The optimizer 'gen' is null. Pass one, for example new FusedSgd(*");
        several.Should().Throw<ArgumentNullException>().WithParameterName("optimizers");
    }

    [Fact]
    public void An_optimizer_that_needs_a_closure_is_refused_at_once()
    {
        using StepModel model = new();
        using optim.Optimizer lbfgs = optim.LBFGS(model.parameters());
        Action single = () => new OptimizerSet(lbfgs);
        Action named = () => new OptimizerSet([new("main", lbfgs)]);

        single.Should().Throw<NotSupportedException>().WithMessage("LBFGS cannot be trained with here*");
        named.Should().Throw<NotSupportedException>();
    }

    [Fact]
    public void A_watched_set_has_the_same_optimizers_and_tells_when_one_is_reached_for()
    {
        using StepModel model = new();
        using optim.Optimizer optimizer = optim.SGD(model.parameters(), 0.1);
        int reached = 0;
        OptimizerSet single = new OptimizerSet(optimizer).Watched(() => reached++);
        OptimizerSet named = new OptimizerSet([KeyValuePair.Create("gen", optimizer)]).Watched(() => reached++);

        (single.IsNamed, named.IsNamed).Should().Be((false, true));
        reached.Should().Be(0);
        single.Single.Should().BeSameAs(optimizer);
        named["gen"].Should().BeSameAs(optimizer);
        named.All.Should().ContainSingle();
        reached.Should().Be(3);
    }
}
