using Compat.TestSupport;
using Compat.Torch.Optim;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Optim;

/// <summary>Our optimizers against TorchSharp's own, which compute one parameter at a time.</summary>
public sealed class FusedOptimizerTests
{
    private const int Steps = 100;

    public static TheoryData<string, Implementation> Cases
    {
        get
        {
            TheoryData<string, Implementation> cases = [];
            foreach (string name in Pairs.Keys)
            {
                cases.Add(name, Implementation.Auto);
                cases.Add(name, Implementation.PerParameter);
                if (!name.StartsWith("rmsprop", StringComparison.Ordinal))
                {
                    cases.Add(name, Implementation.Fused);
                }

                if (!name.StartsWith("adagrad", StringComparison.Ordinal))
                {
                    cases.Add(name, Implementation.Foreach);
                }
            }

            return cases;
        }
    }

    // The settings of ours, and TorchSharp's optimizer with the same ones.
    private static Dictionary<string, (Func<Parameter[], Implementation, optim.Optimizer> Ours, Func<Parameter[], optim.Optimizer> Theirs)> Pairs { get; } = new()
    {
        ["sgd"] = (
            (parameters, way) => new FusedSgd(parameters, new() { Lr = 0.1 }, way),
            parameters => optim.SGD(parameters, 0.1)),
        ["sgd momentum"] = (
            (parameters, way) => new FusedSgd(parameters, new() { Lr = 0.1, Momentum = 0.9, WeightDecay = 0.01 }, way),
            parameters => optim.SGD(parameters, 0.1, 0.9, weight_decay: 0.01)),
        ["sgd dampening"] = (
            (parameters, way) => new FusedSgd(parameters, new() { Lr = 0.1, Momentum = 0.9, Dampening = 0.5 }, way),
            parameters => optim.SGD(parameters, 0.1, 0.9, dampening: 0.5)),
        ["sgd nesterov maximize"] = (
            (parameters, way) => new FusedSgd(parameters, new() { Lr = 0.01, Momentum = 0.9, Nesterov = true, Maximize = true }, way),
            parameters => optim.SGD(parameters, 0.01, 0.9, nesterov: true, maximize: true)),
        ["adam"] = (
            (parameters, way) => new FusedAdam(parameters, new() { Lr = 0.01, WeightDecay = 0.1 }, way),
            parameters => optim.Adam(parameters, 0.01, weight_decay: 0.1)),
        ["adam amsgrad"] = (
            (parameters, way) => new FusedAdam(parameters, new() { Lr = 0.01, Amsgrad = true }, way),
            parameters => optim.Adam(parameters, 0.01, amsgrad: true)),
        ["adamw"] = (
            (parameters, way) => new FusedAdamW(parameters, new() { Lr = 0.01 }, way),
            parameters => optim.AdamW(parameters, 0.01, weight_decay: 0.01)),
        ["adamw maximize"] = (
            (parameters, way) => new FusedAdamW(parameters, new() { Lr = 0.01, Beta1 = 0.8, Beta2 = 0.95, Maximize = true }, way),
            parameters => optim.AdamW(parameters, 0.01, 0.8, 0.95, weight_decay: 0.01, maximize: true)),
        ["adagrad"] = (
            (parameters, way) => new FusedAdagrad(parameters, new() { Lr = 0.1, LrDecay = 0.1, WeightDecay = 0.01 }, way),
            parameters => optim.Adagrad(parameters, 0.1, 0.1, 0.01)),
        ["rmsprop"] = (
            (parameters, way) => new FusedRmsProp(parameters, new() { Lr = 0.01 }, way),
            parameters => optim.RMSProp(parameters, 0.01)),
        ["rmsprop centered momentum"] = (
            (parameters, way) => new FusedRmsProp(parameters, new() { Lr = 0.01, Momentum = 0.9, Centered = true }, way),
            parameters => optim.RMSProp(parameters, 0.01, momentum: 0.9, centered: true)),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_hundred_random_steps_give_the_weights_of_TorchSharps_own_optimizer(string name, Implementation implementation)
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] ours = Parameters();
        Parameter[] theirs = Parameters();
        using optim.Optimizer own = Pairs[name].Ours(ours, implementation);
        using optim.Optimizer other = Pairs[name].Theirs(theirs);

        Train(own, ours, missing: true);
        Train(other, theirs, missing: true);

        // Kernels add in another order, so the last bits of 100 steps differ.
        MaxDifference(ours, theirs).Should().BeLessThan(2e-5);
        using Tensor start = Parameters()[0].detach();
        (ours[0] - start).abs().max().item<float>().Should().BeGreaterThan(0.01f, "the weights moved");
    }

    [Fact]
    public void Another_learning_rate_gives_other_weights()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] ours = Parameters();
        Parameter[] theirs = Parameters();
        using FusedSgd own = new(ours, new() { Lr = 0.1001 });
        using optim.Optimizer other = optim.SGD(theirs, 0.1);

        Train(own, ours, missing: false);
        Train(other, theirs, missing: false);

        MaxDifference(ours, theirs).Should().BeGreaterThan(1e-4);
    }

    [Fact]
    public void Groups_have_settings_of_their_own_and_follow_schedules()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] ours = Parameters();
        Parameter[] theirs = Parameters();
        FusedSgdOptions options = new() { Lr = 0.1, Momentum = 0.9 };
        using FusedSgd own = new([new(ours[..1], options), new(ours[1..], options with { Lr = 0.01, Momentum = 0.5 })]);
        using optim.Optimizer other = optim.SGD(
            [new SGD.ParamGroup(theirs[..1], 0.1, 0.9), new SGD.ParamGroup(theirs[1..], 0.01, 0.5)], 0.1, 0.9);

        Train(own, ours, missing: false);
        Train(other, theirs, missing: false);
        foreach (optim.Optimizer optimizer in new[] { own, other })
        {
            OptimizerGroup.Of(optimizer)[1].Lr = 0.001;
        }

        Train(own, ours, missing: false);
        Train(other, theirs, missing: false);

        MaxDifference(ours, theirs).Should().BeLessThan(2e-5);
        OptimizerGroup.Of(own).Select(group => group.Momentum).Should().Equal(0.9, 0.5);
    }

    [Fact]
    public void A_parameter_without_a_gradient_is_left_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] parameters = Parameters();
        using FusedAdamW optimizer = new(parameters, new() { WeightDecay = 0.5 });
        using Tensor before = parameters[1].detach().clone();
        parameters[0].grad = ones_like(parameters[0]);

        optimizer.step();

        parameters[1].equal(before).all().item<bool>().Should().BeTrue();
        optimizer.StateOf(parameters[1]).Names.Should().BeEmpty();
        optimizer.StateOf(parameters[0]).Names.Should().BeEquivalentTo("step", "exp_avg", "exp_avg_sq");
    }

    [Fact]
    public void Gradients_are_cleared_to_null_unless_zeros_are_asked_for()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] parameters = Parameters();
        using FusedSgd optimizer = new(parameters, new());
        parameters[0].grad = ones_like(parameters[0]);
        optimizer.SetToNone = false;
        optimizer.zero_grad();
        parameters[0].grad!.abs().sum().item<float>().Should().Be(0);

        optimizer.SetToNone = true;
        optimizer.zero_grad();

        parameters[0].grad.Should().BeNull();
    }

    [Fact]
    public void Auto_takes_the_fused_kernel_where_there_is_one()
    {
        using DisposeScope scope = NewDisposeScope();
        using FusedSgd sgd = new(Parameters(), new());
        using FusedRmsProp rmsProp = new(Parameters());
        using FusedSgd mixed = new([new Parameter(zeros(1)), new Parameter(zeros(1, ScalarType.Float64))], new());
        using FusedSgd complex = new([new Parameter(zeros(1, ScalarType.ComplexFloat32))], new());

        sgd.Implementation.Should().Be(Implementation.Fused);
        rmsProp.Implementation.Should().Be(Implementation.Foreach);
        mixed.Implementation.Should().Be(Implementation.PerParameter);
        complex.Implementation.Should().Be(Implementation.PerParameter, "fused kernels take floating types alone");
    }

    [Fact]
    public void State_survives_dispose_scopes_and_is_freed_with_the_optimizer()
    {
        Parameter[] parameters = Parameters();
        long before = LiveTensors.Settled();
        FusedAdam optimizer = new(parameters);
        for (int i = 0; i < 3; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Array.ForEach(parameters, parameter => parameter.grad = ones_like(parameter));
            optimizer.step();
            optimizer.zero_grad();
        }

        optimizer.StateOf(parameters[0])["step"].item<float>().Should().Be(3);
        Tensor.TotalCount.Should().Be(before + 9, "three tensors of state for each of three parameters");
        optimizer.Dispose();
        Tensor.TotalCount.Should().Be(before);
        Array.ForEach(parameters, parameter => parameter.Dispose());
    }

    [Fact]
    public void A_closure_computes_the_loss_with_gradients()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter weight = new(tensor([2f]));
        using FusedSgd optimizer = new([weight], new() { Lr = 0.5 });

        Tensor loss = optimizer.step(() =>
        {
            Tensor value = weight.pow(2).sum();
            value.backward();
            return value;
        });

        loss.item<float>().Should().Be(4);
        weight.item<float>().Should().Be(0);
    }

    [Fact]
    public void Wrong_settings_are_refused_with_what_is_allowed()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] parameters = Parameters();
        (Action Make, string Message)[] cases =
        [
            (() => new FusedSgd(parameters, new() { Lr = -1 }), "Lr is -1; it must be at least 0.*"),
            (() => new FusedSgd(parameters, new() { Nesterov = true }), "Nesterov needs a momentum above 0 and no dampening; Momentum is 0, Dampening is 0.*"),
            (() => new FusedAdam(parameters, new() { Beta2 = 1 }), "Beta2 is 1; it must be from 0 to below 1.*"),
            (() => new FusedAdamW(parameters, new() { WeightDecay = double.NaN }), "WeightDecay is NaN; it must be at least 0.*"),
            (() => new FusedSgd(Array.Empty<Parameter>(), new()), "A group of parameters is empty. Give the optimizer at least one parameter. If they are those of a module, its constructor must end with RegisterComponents()."),
            (() => new FusedSgd([parameters[0], parameters[0]], new()), "A parameter is listed twice. Each parameter belongs to one group."),
            (() => new FusedAdagrad(parameters, new(), Implementation.Foreach), "There are no list operations for FusedAdagrad. Use Implementation.Auto, Fused or PerParameter.*"),
            (() => new FusedRmsProp(parameters, new(), Implementation.Fused), "There is no fused kernel for FusedRmsProp. Use Implementation.Auto, Foreach or PerParameter.*"),
        ];

        foreach ((Action make, string message) in cases)
        {
            make.Should().Throw<ArgumentException>().WithMessage(message);
        }
    }

    private static Parameter[] Parameters()
    {
        using Generator generator = new();
        generator.manual_seed(1);
        return [.. new long[][] { [4, 3], [3], [2, 3, 5] }.Select(shape => new Parameter(randn(shape, generator: generator)))];
    }

    private static void Train(optim.Optimizer optimizer, Parameter[] parameters, bool missing)
    {
        using Generator generator = new();
        generator.manual_seed(2);
        for (int step = 0; step < Steps; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            for (int i = 0; i < parameters.Length; i++)
            {
                Tensor gradient = randn(parameters[i].shape, generator: generator);
                parameters[i].grad = missing && (step + i) % 3 == 0 ? null : gradient;
            }

            optimizer.step();
        }
    }

    private static double MaxDifference(Parameter[] first, Parameter[] second) =>
        first.Zip(second, (a, b) => (a - b).abs().max().item<float>()).Max();
}
