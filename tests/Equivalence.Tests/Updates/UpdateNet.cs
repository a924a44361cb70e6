using Compat.Legacy;
using Compat.TestSupport.Toy;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Equivalence.Tests.Updates;

/// <summary>The network that every side trains: two layers, with the same weights each time.</summary>
internal sealed class UpdateNet : nn.Module, IFp16Switchable
{
    private readonly Linear first;
    private readonly Linear second;

    private readonly bool lowersPrecision;

    /// <summary>Makes the network.</summary>
    /// <param name="lowersPrecision">Whether it computes in the lower precision once it is switched to it, the old way.</param>
    public UpdateNet(bool lowersPrecision = false)
        : base(nameof(UpdateNet))
    {
        this.lowersPrecision = lowersPrecision;
        first = nn.Linear(1, 4);
        second = nn.Linear(4, 1);
        RegisterComponents();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        first.weight.copy_(tensor([0.31f, -0.52f, 0.73f, 0.14f]).reshape(4, 1));
        first.bias!.copy_(tensor([0.05f, 0.21f, -0.11f, 0.4f]));
        second.weight.copy_(tensor([0.6f, -0.35f, 0.27f, 0.81f]).reshape(1, 4));
        second.bias!.fill_(-0.2);
    }

    public Linear First => first;

    public Linear Second => second;

    public bool Fp16Enabled { get; set; }

    public ScalarType? Fp16Dtype { get; set; }

    /// <summary>Gets the types in which the hidden layer was computed.</summary>
    public HashSet<ScalarType> Dtypes { get; } = [];

    public Tensor Hidden(Tensor input)
    {
        Tensor hidden = first.forward(input).tanh();
        Dtypes.Add(hidden.dtype);
        return hidden;
    }

    public Tensor Loss(ToyBatch batch)
    {
        using IDisposable? half = lowersPrecision ? Fp16.Auto(this) : null;
        return (second.forward(Hidden(batch.Img)) - batch.Label).pow(2).sum();
    }

    /// <summary>The loss of the first layer alone, for two optimizers in turn.</summary>
    public Tensor LossOfFirst(ToyBatch batch) => (Hidden(batch.Img) - batch.Label).pow(2).sum();

    public Tensor LossOfSecond(ToyBatch batch) => (second.forward(Hidden(batch.Img).detach()) - batch.Label).abs().sum();
}
