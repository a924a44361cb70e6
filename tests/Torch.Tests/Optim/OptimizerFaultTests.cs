using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

/// <summary>Optimizers that were disposed, or whose model moved away.</summary>
public sealed class OptimizerFaultTests
{
    private const string Gone =
        "The parameters of * are not those that it was made with. TorchSharp makes new parameters when a model moves to another device or type: move the model "
        + "first, then build the optimizer.";

    public static TheoryData<string> Theirs => [.. Makers.Keys.Where(name => !name.StartsWith("Fused", StringComparison.Ordinal))];

    public static TheoryData<string> Ours => [.. Makers.Keys.Where(name => name.StartsWith("Fused", StringComparison.Ordinal))];

    private static Dictionary<string, Func<IEnumerable<Parameter>, optim.Optimizer>> Makers { get; } = new()
    {
        ["FusedSgd"] = own => new FusedSgd(own, new() { Momentum = 0.9 }),
        ["FusedAdam"] = own => new FusedAdam(own),
        ["FusedAdamW"] = own => new FusedAdamW(own),
        ["FusedAdagrad"] = own => new FusedAdagrad(own),
        ["FusedRmsProp"] = own => new FusedRmsProp(own),
        ["SGD"] = own => optim.SGD(own, 0.1),
        ["SGD with momentum"] = own => optim.SGD(own, 0.1, 0.9),
        ["Adam"] = own => optim.Adam(own),
        ["AdamW"] = own => optim.AdamW(own),
        ["Adagrad"] = own => optim.Adagrad(own),
        ["RMSProp"] = own => optim.RMSProp(own),
        ["Adadelta"] = own => optim.Adadelta(own),
        ["Adamax"] = own => optim.Adamax(own),
        ["NAdam"] = own => optim.NAdam(own),
        ["RAdam"] = own => optim.RAdam(own),
        ["Rprop"] = own => optim.Rprop(own),
        ["ASGD"] = own => optim.ASGD(own),
    };

    [Theory]
    [MemberData(nameof(Ours))]
    public void One_of_ours_that_was_disposed_does_nothing_any_more(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = nn.Linear(2, 1);
        FusedOptimizer optimizer = (FusedOptimizer)Makers[name](model.parameters());
        Train(model, optimizer);
        float[] before = model.weight.ToArray();
        optimizer.Dispose();
        optimizer.Dispose();
        Action[] uses =
        [
            () => Train(model, optimizer), optimizer.zero_grad, () => optimizer.SaveState(), () => optimizer.LoadState([]),
            () => OptimizerGroup.ClearGradients(optimizer),
        ];

        foreach (Action use in uses)
        {
            use.Should().Throw<ObjectDisposedException>().WithMessage(
                $"{name} was disposed, and what it remembered of the parameters is gone. Dispose it after the training, or make a new one.*");
        }

        model.weight.ToArray().Should().Equal(before);
    }

    [Theory]
    [MemberData(nameof(Theirs))]
    public void One_of_TorchSharps_that_was_disposed_says_so(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = nn.Linear(2, 1);
        optim.Optimizer optimizer = Makers[name](model.parameters());
        Train(model, optimizer);
        optimizer.Dispose();
        Action step = () => Train(model, optimizer);
        Action save = () => optimizer.SaveState();

        step.Should().Throw<ObjectDisposedException>().WithMessage("* was disposed, and what it remembered of the parameters is gone. *")
            .WithInnerException<Exception>();
        save.Should().Throw<ObjectDisposedException>();
        Action load = () => optimizer.LoadState([]);
        load.Should().Throw<Exception>().Which.Should().Match<Exception>(thrown => thrown is ObjectDisposedException || thrown is Compat.Torch.Serialization.PthException);
    }

    [Theory]
    [MemberData(nameof(Theirs))]
    public void One_of_TorchSharps_whose_model_moved_says_so(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (bool lists in new[] { false, true })
        {
            foreach (bool known in new[] { false, true })
            {
                using Linear model = nn.Linear(2, 1);
                using optim.Optimizer optimizer = Makers[name](lists ? model.parameters().ToArray() : model.parameters());
                if (known)
                {
                    OptimizerGroup.Of(optimizer);
                }

                model.to(ScalarType.Float64);
                Action step = () => Train(model, optimizer);
                Action save = () => optimizer.SaveState();

                step.Should().Throw<InvalidOperationException>().WithMessage(Gone, $"{lists} {known}");
                save.Should().Throw<InvalidOperationException>().WithMessage(Gone, $"{lists} {known}");
                if (known)
                {
                    Action clear = () => OptimizerGroup.ClearGradients(optimizer);
                    clear.Should().Throw<InvalidOperationException>().WithMessage(Gone);
                }
            }
        }
    }

    [Fact]
    public void An_error_that_is_not_the_optimizers_goes_on_as_it_is()
    {
        using DisposeScope scope = NewDisposeScope();
        using Linear model = nn.Linear(2, 1);
        using optim.Optimizer optimizer = optim.Adam(model.parameters());
        Train(model, optimizer);

        OptimizerFault.Find(optimizer, new InvalidOperationException("else")).Should().BeNull();
        OptimizerFault.Find(optimizer, new KeyNotFoundException("else")).Should().BeNull();
        optimizer.Dispose();
        OptimizerFault.Find(optimizer, new FormatException("else")).Should().BeNull();
        OptimizerFault.Find(optimizer, new KeyNotFoundException("else")).Should().BeOfType<ObjectDisposedException>();
    }

    private static void Train(Linear model, optim.Optimizer optimizer)
    {
        model.forward(ones(1, 2, model.weight.dtype)).sum().backward();
        OptimizerFault.Step(optimizer);
    }
}
