using Compat.TestSupport;
using Compat.Adapters.Equivalence;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Tests.Equivalence;

public sealed class TensorSnapshotTests
{
    [Fact]
    public void Equal_tensors_have_no_difference_and_one_hash()
    {
        using DisposeScope scope = NewDisposeScope();
        TensorSnapshot first = TensorSnapshot.Of(arange(6).reshape(2, 3));
        TensorSnapshot second = TensorSnapshot.Of(arange(6).reshape(2, 3));

        first.DifferenceTo(second).Should().BeNull();
        first.Hash.Should().Be(second.Hash).And.MatchRegex("^[0-9a-f]{64}$");
        first.Shape.Should().Equal(2, 3);
    }

    [Fact]
    public void The_first_differing_element_is_shown_with_both_values()
    {
        using DisposeScope scope = NewDisposeScope();
        TensorSnapshot first = TensorSnapshot.Of(tensor(new float[] { 1, 0.5f, 3 }));
        TensorSnapshot second = TensorSnapshot.Of(tensor(new float[] { 1, 0.25f, 4 }));

        first.DifferenceTo(second).Should().Be("0.5 against 0.25");
        first.Hash.Should().NotBe(second.Hash);
    }

    [Fact]
    public void The_last_bit_counts()
    {
        using DisposeScope scope = NewDisposeScope();
        TensorSnapshot one = TensorSnapshot.Of(tensor(1f));

        one.DifferenceTo(TensorSnapshot.Of(tensor(MathF.BitIncrement(1)))).Should().Be("1 against 1.0000001");
    }

    [Fact]
    public void Doubles_and_whole_numbers_are_shown_as_such()
    {
        using DisposeScope scope = NewDisposeScope();

        TensorSnapshot.Of(tensor(new[] { 1.0, 0.1 })).DifferenceTo(TensorSnapshot.Of(tensor(new[] { 1.0, 0.2 }))).Should().Be("0.1 against 0.2");
        TensorSnapshot.Of(tensor(new[] { 7L, 8L })).DifferenceTo(TensorSnapshot.Of(tensor(new[] { 7L, 300L }))).Should().Be("8 against 300");
        TensorSnapshot.Of(tensor(new[] { true })).DifferenceTo(TensorSnapshot.Of(tensor(new[] { false }))).Should().Be("Bool byte 1 against Bool byte 0");
        TensorSnapshot.Of(tensor(new[] { 7, 8 })).DifferenceTo(TensorSnapshot.Of(tensor(new[] { 7, 9 }))).Should().Be("8 against 9");
        Tensor halves = tensor(new[] { 1f, 0.5f });
        Tensor others = tensor(new[] { 1f, 0.25f });
        foreach (ScalarType type in new[] { ScalarType.Float16, ScalarType.BFloat16 })
        {
            TensorSnapshot.Of(halves.to(type)).DifferenceTo(TensorSnapshot.Of(others.to(type))).Should().Be("0.5 against 0.25");
        }
    }

    [Fact]
    public void Zero_and_minus_zero_differ_and_nan_equals_itself()
    {
        using DisposeScope scope = NewDisposeScope();

        TensorSnapshot.Of(tensor(0f)).DifferenceTo(TensorSnapshot.Of(tensor(-0f))).Should().Be("0 against -0");
        TensorSnapshot.Of(tensor(float.NaN)).DifferenceTo(TensorSnapshot.Of(tensor(float.NaN))).Should().BeNull();
        TensorSnapshot.Of(tensor(BitConverter.UInt32BitsToSingle(0x7fc00000))).DifferenceTo(TensorSnapshot.Of(tensor(BitConverter.UInt32BitsToSingle(0x7fc00001))))
            .Should().Be("NaN (0x7fc00000) against NaN (0x7fc00001)");
    }

    [Fact]
    public void Shape_and_type_count()
    {
        using DisposeScope scope = NewDisposeScope();
        TensorSnapshot plain = TensorSnapshot.Of(zeros(2, 3));

        plain.DifferenceTo(TensorSnapshot.Of(zeros(3, 2))).Should().Be("Float32 [2, 3] against Float32 [3, 2]");
        plain.DifferenceTo(TensorSnapshot.Of(zeros(2, 3, ScalarType.Float64))).Should().Be("Float32 [2, 3] against Float64 [2, 3]");
    }

    [Fact]
    public void It_is_a_copy_that_holds_no_tensor()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor value = ones(2);
        long before = LiveTensors.Settled();

        TensorSnapshot snapshot = TensorSnapshot.Of(value);
        value.fill_(5);

        Tensor.TotalCount.Should().Be(before);
        snapshot.DifferenceTo(TensorSnapshot.Of(ones(2))).Should().BeNull();
    }

    [Fact]
    public void What_is_read_is_the_order_of_the_elements_and_not_that_of_the_memory()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = arange(6).reshape(2, 3);

        TensorSnapshot.Of(rows.t()).DifferenceTo(TensorSnapshot.Of(rows.t().contiguous())).Should().BeNull();
        TensorSnapshot.Of(rows.t()).Hash.Should().NotBe(TensorSnapshot.Of(rows.reshape(3, 2)).Hash);
    }

    [Fact]
    public void A_single_float_can_be_read()
    {
        using DisposeScope scope = NewDisposeScope();

        TensorSnapshot.Of(tensor(0.5f)).ToDouble().Should().Be(0.5);
        TensorSnapshot.Of(tensor(0.1)).ToDouble().Should().Be(0.1);
        Action several = () => TensorSnapshot.Of(zeros(2, 1)).ToDouble();
        Action whole = () => TensorSnapshot.Of(tensor(3L)).ToDouble();
        several.Should().Throw<InvalidOperationException>().WithMessage("A Float32 of shape [2, 1] is no single float.");
        whole.Should().Throw<InvalidOperationException>().WithMessage("A Int64 of shape [] is no single float.");
    }

    [Fact]
    public void A_hash_tells_whether_there_is_a_difference_and_not_which()
    {
        using DisposeScope scope = NewDisposeScope();
        TensorSnapshot full = TensorSnapshot.Of(tensor(new float[] { 1, 2 }));
        TensorSnapshot hash = TensorSnapshot.Of(tensor(new float[] { 1, 2 }), SnapshotContent.Hash);
        TensorSnapshot other = TensorSnapshot.Of(tensor(new float[] { 1, 3 }), SnapshotContent.Hash);

        (full.Content, hash.Content).Should().Be((SnapshotContent.Full, SnapshotContent.Hash));
        hash.Hash.Should().Be(full.Hash).And.Be(full.Hashed().Hash);
        full.DifferenceTo(hash).Should().BeNull();
        hash.DifferenceTo(full).Should().BeNull();
        hash.DifferenceTo(other).Should().Be($"sha256 {hash.Hash[..8]}… against {other.Hash[..8]}…");
        hash.DifferenceTo(TensorSnapshot.Of(zeros(3))).Should().Be("Float32 [2] against Float32 [3]");
        Action read = () => hash.ToTensor();
        read.Should().Throw<InvalidOperationException>()
            .WithMessage("Only the hash of this Float32 [2] was kept, not its content. Record with SnapshotContent.Full.");
    }

    [Fact]
    public void A_hash_of_a_file_may_be_in_capitals()
    {
        using DisposeScope scope = NewDisposeScope();
        TensorSnapshot full = TensorSnapshot.Of(tensor(new float[] { 1, 2 }));

        TensorSnapshot.OfHash(full.Type, full.Shape, full.Hash.ToUpperInvariant()).DifferenceTo(full).Should().BeNull();
    }

    [Fact]
    public void A_snapshot_becomes_a_tensor_again()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (Tensor tensor in new[] { arange(6).reshape(2, 3), tensor(-0f), zeros(0, 3), ones(2, ScalarType.BFloat16), tensor(new[] { true, false }) })
        {
            TensorSnapshot snapshot = TensorSnapshot.Of(tensor);

            snapshot.DifferenceTo(TensorSnapshot.Of(snapshot.ToTensor())).Should().BeNull();
        }
    }
}
