using Compat.Engine.Optim;
using Compat.Engine.Tests.Support;
using Compat.Torch.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

public sealed class OptimWrapperDictOptionsTests
{
    private static readonly OptimWrapperOptions Sgd = new() { Optimizer = new FusedSgdOptions { Lr = 0.1 } };

    [Fact]
    public void Each_wrapper_gets_the_parameters_of_the_sub_module_of_its_name()
    {
        using TurnModel model = new();
        using BaseOptimWrapper built = new OptimWrapperDictOptions { ["right"] = Sgd, ["left"] = Sgd }.Build(model);

        built.Members.Keys.Should().Equal("right", "left");
        ParametersOf(built["right"]).Should().Equal(model.Right);
        ParametersOf(built["left"]).Should().Equal(model.Left);
    }

    [Fact]
    public void A_sub_module_further_down_is_named_by_its_path()
    {
        using Sequential inner = nn.Sequential(("first", nn.Linear(1, 1, hasBias: false)), ("second", nn.Linear(1, 2, hasBias: false)));
        using Sequential model = nn.Sequential(("net", inner));
        using BaseOptimWrapper built = new OptimWrapperDictOptions { { "net.second", Sgd } }.Build(model);

        ParametersOf(built["net.second"]).Single().shape.Should().Equal(2, 1);
        built.LrEntries.Select(entry => entry.Name).Should().Equal("net.second.lr");
    }

    [Fact]
    public void An_optimizer_that_exists_already_may_have_any_name()
    {
        using TurnModel model = new();
        using FusedSgd optimizer = new(model.parameters(), new() { Lr = 0.1 });
        using BaseOptimWrapper built = new OptimWrapperDictOptions { ["all"] = new OptimWrapperOptions { Optimizer = optimizer } }.Build(model);

        ParametersOf(built["all"]).Should().Equal(model.parameters());
    }

    [Fact]
    public void A_name_without_a_sub_module_is_refused_with_the_names_that_there_are()
    {
        using TurnModel model = new();

        Action act = () => new OptimWrapperDictOptions { ["lefft"] = Sgd, ["right"] = Sgd }.Build(model);

        act.Should().Throw<ArgumentException>().WithMessage(
            "There is a wrapper 'lefft', but TurnModel has no sub-module of that name to take the parameters from. Its sub-modules are left, right. Name the wrapper after "
            + "one of them, or give it an optimizer that exists already.");
    }

    [Fact]
    public void A_dictionary_without_a_wrapper_is_refused()
    {
        using TurnModel model = new();

        Action act = () => new OptimWrapperDictOptions().Build(model);

        act.Should().Throw<ArgumentException>().WithMessage("The dictionary of wrappers is empty. Give it at least one*");
    }

    [Fact]
    public void A_dictionary_in_a_dictionary_is_refused()
    {
        using TurnModel model = new();

        Action act = () => new OptimWrapperDictOptions { ["left"] = Sgd, ["both"] = new OptimWrapperDictOptions { ["left"] = Sgd } }.Build(model);

        act.Should().Throw<ArgumentException>().WithMessage("The wrapper 'both' is of type OptimWrapperDict; a dictionary holds OptimWrapper and what derives from it.*");
    }

    [Fact]
    public void A_copy_has_its_own_wrappers()
    {
        OptimWrapperDictOptions options = new() { ["left"] = Sgd };

        OptimWrapperDictOptions copy = options with { CompleteLastWindow = true };
        copy["right"] = Sgd;

        options.Select(entry => entry.Key).Should().Equal("left");
        copy.Select(entry => entry.Key).Should().Equal("left", "right");
        copy.CompleteLastWindow.Should().BeTrue();
    }

    [Fact]
    public void Options_with_equal_wrappers_are_equal()
    {
        OptimWrapperDictOptions options = new() { ["left"] = Sgd, ["right"] = Sgd };

        options.Equals(options with { }).Should().BeTrue();
        options.GetHashCode().Should().Be((options with { }).GetHashCode());
        options.Equals(new OptimWrapperDictOptions { ["right"] = Sgd, ["left"] = Sgd }).Should().BeFalse("the order counts");
        options.Equals(options with { CompleteLastWindow = true }).Should().BeFalse();
        options.Equals(new OptimWrapperDictOptions { ["left"] = Sgd, ["right"] = Sgd with { AccumulativeCounts = 2 } }).Should().BeFalse();
        options.Equals(null).Should().BeFalse();
    }

    [Fact]
    public void A_setting_is_found_and_replaced_by_its_name()
    {
        OptimWrapperDictOptions options = new() { ["left"] = Sgd, ["right"] = Sgd };

        options["left"] = (OptimWrapperOptions)options["left"] with { AccumulativeCounts = 2 };

        options.First().Should().Be(KeyValuePair.Create<string, BaseOptimWrapperOptions>("left", Sgd with { AccumulativeCounts = 2 }));
        options.Invoking(own => own["up"]).Should().Throw<KeyNotFoundException>().WithMessage("There is no wrapper 'up'. Names present: left, right.*");
        options.Invoking(own => own["up"] = null!).Should().Throw<ArgumentNullException>().WithMessage("The wrapper 'up' is null.*");
        options.Invoking(own => own.Add("left", Sgd)).Should().Throw<ArgumentException>();
    }

    private static IEnumerable<Parameter> ParametersOf(BaseOptimWrapper wrapper) => wrapper.ParamGroups.SelectMany(group => group.Parameters);
}
